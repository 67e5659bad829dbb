import { throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { evenly, evenSelection } from '../base/sampling.ts';
import type { Engine } from '../linalg/engine.ts';
import { HalfMatrix } from '../linalg/half-matrix.ts';
import { joinRows, type Matrix32, selectRows, zeros32 } from '../linalg/matrix.ts';
import {
  type CaptionBank,
  embeddingSize,
  embedPictures,
  embedTexts,
  type Model,
  type QueryBank,
} from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import { bankCorrection, indexRow, indexRows, type VoterPictures, wordRows } from '../retrieval/index.ts';
import { featuresWhere } from './pairs.ts';
import { tagTruthOf } from './tag-words.ts';

/** More training captions than this vote no better but cost memory: an even selection of them is kept. */
const LARGEST_BANK = 200_000;

/** Up to so many training captions are kept as texts too, which are about 60 bytes each. */
const LARGEST_TEXTS = 50_000;

/** Pictures and captions that tell hubs from others: more change the correction by less than they cost. */
const QUERY_BANK = 6000;

/** From so many training pictures on hubs are corrected fully. */
const TRUSTED_HUBS = 3000;

/**
 * A recipe whose correction of hubs counts as much as it can be trusted. The pictures and captions that tell hubs are
 * those that were learned from, which lie nearer to each other than new ones do, the fewer there are. On drawings,
 * R@10 of picture to text by the weight of the correction, 0 / 0.25 / 0.5 / 1: 42.0 / 38.6 / 36.1 / 31.0 from 300 pairs,
 * 57.7 / 59.6 / 57.7 / 49.5 from 1,000, 68.0 / 68.0 / 69.0 / 68.7 from 3,000; on photos 24.1 / 25.4 / 24.1 / 20.1,
 * 39.0 / 41.4 / 42.9 / 40.9 and 54.8 / 58.4 / 60.4 / 60.4.
 */
export function withTrustedHubness(recipe: Recipe, pictures: number): Recipe {
  if (recipe.hubness === undefined || pictures >= TRUSTED_HUBS) return recipe;
  const weight = (recipe.hubness.weight * pictures) / TRUSTED_HUBS;
  return { ...recipe, hubness: { ...recipe.hubness, weight } };
}

/** Captions encoded at once. */
const BATCH = 4096;

/**
 * Embeds the training captions, or an even selection where there are very many, with their words and hubness.
 * @param grouped the same captions by picture, where it is known which belong together
 * @param accepted the numbers of those that are nothing but accepted tags
 */
export async function captionBank(
  model: Model,
  captions: readonly string[],
  {
    engine,
    signal,
    onProgress,
    grouped,
    accepted,
  }: WorkOptions & {
    readonly engine: Engine;
    readonly grouped?: readonly (readonly string[])[];
    readonly accepted?: Uint32Array | undefined;
  },
): Promise<CaptionBank> {
  const numbers = evenly([...captions.keys()], LARGEST_BANK);
  const kept = numbers.map((i) => captions[i]!);
  const words = wordRows(
    kept.map((caption) => model.text.words(caption)),
    model.tags,
  );
  const embeddings = zeros32(kept.length, embeddingSize(model));
  for (let start = 0; start < kept.length; start += BATCH) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'place training captions', done: start, total: kept.length, unit: 'captions' });
    const { data } = await embedTexts(model, kept.slice(start, start + BATCH), engine);
    embeddings.data.set(data, start * embeddings.columns);
  }
  onProgress?.({ stage: 'place training captions', done: kept.length, total: kept.length, unit: 'captions' });
  const correction = await voterCorrection(model, embeddings, engine);
  return {
    embeddings,
    words,
    correction,
    pictures: grouped && voterPictures(model, grouped, captions.length),
    partial: accepted && positionsOf(accepted, numbers),
    texts: textsToKeep(kept),
  };
}

/** The captions of a bank as texts, where they are few enough to be kept. */
export function textsToKeep(captions: readonly string[]): readonly string[] | undefined {
  return captions.length <= LARGEST_TEXTS ? captions : undefined;
}

/** The picture of each caption of the bank, and the right tags of each picture. */
function voterPictures(
  model: Model,
  grouped: readonly (readonly string[])[],
  captions: number,
): VoterPictures | undefined {
  const { tags } = model.recipe;
  // What a picture's only caption says is all that is agreed on.
  if (tags.method !== 'vote' || !tags.agreed || grouped.every((some) => some.length === 1)) return undefined;
  const of = new Uint32Array(captions);
  let caption = 0;
  grouped.forEach((some, picture) => {
    of.fill(picture, caption, caption + some.length);
    caption += some.length;
  });
  const isKept = evenSelection(captions, LARGEST_BANK);
  return {
    of: of.filter((_, i) => isKept(i)),
    words: tagTruthOf(model, grouped),
  };
}

/** How much each voting caption's similarities are lowered, from the training pictures that it is near to. */
async function voterCorrection(
  { recipe, queries }: Model,
  embeddings: Matrix32,
  engine: Engine,
): Promise<Float32Array> {
  const weight = recipe.tags.method === 'vote' ? recipe.tags.correction : 0;
  if (weight === 0 || recipe.hubness === undefined || queries === undefined)
    return new Float32Array(embeddings.rows);
  const { temperature } = recipe.hubness;
  return bankCorrection(engine, embeddings, queries.pictures, { temperature, weight });
}

/**
 * Embeds an even selection of the training pictures and captions.
 * @param features of the training pictures, batch by batch
 * @param pictures how many there are
 */
export async function queryBank(
  model: Model,
  features: AsyncIterable<Matrix32> | Iterable<Matrix32>,
  pictures: number,
  captions: readonly string[],
  engine: Engine,
): Promise<QueryBank> {
  const parts: Matrix32[] = [];
  for await (const some of featuresWhere(features, evenSelection(pictures, QUERY_BANK)))
    parts.push(await embedPictures(model, some, engine));
  return {
    pictures: joinRows(parts),
    captions: await embedTexts(model, evenly(captions, QUERY_BANK), engine),
  };
}

/** The captions of a bank that {@link queryBank} selects: k numbers each, in half precision where the bank is. */
export function captionsThatTellHubs({ embeddings }: CaptionBank): Matrix32 {
  const kept = evenly([...Array(embeddings.rows).keys()], QUERY_BANK);
  if (!(embeddings instanceof HalfMatrix)) return selectRows(embeddings, kept);
  const { columns, bits } = embeddings;
  const selected = new Uint16Array(kept.length * columns);
  kept.forEach((from, to) => {
    selected.set(bits.subarray(from * columns, (from + 1) * columns), to * columns);
  });
  return new HalfMatrix(kept.length, columns, selected);
}

/** The bank, or an even selection of at most so many of its captions. */
export function smallerBank(bank: CaptionBank, most: number): CaptionBank {
  const { embeddings, words, correction, pictures, partial } = bank;
  if (embeddings.rows <= most) return bank;
  const kept = evenly([...correction.keys()], most);
  return {
    embeddings: selectRows(embeddings, kept),
    words: indexRows(kept.map((i) => indexRow(words, i))),
    correction: Float32Array.from(kept, (i) => correction[i]!),
    pictures: pictures && { ...pictures, of: Uint32Array.from(kept, (i) => pictures.of[i]!) },
    partial: partial && positionsOf(partial, kept),
  };
}

/** Where some numbers stand among those that were kept; both ascend. */
function positionsOf(some: Uint32Array, kept: readonly number[]): Uint32Array {
  const wanted = new Set(some);
  return Uint32Array.from(kept.keys()).filter((i) => wanted.has(kept[i]!));
}
