import type { Engine } from '../linalg/engine.ts';
import { isSparse, type Matrix32, matrix, type Rows, row, zeros32 } from '../linalg/matrix.ts';
import { embeddingSize, embedPictures, type Model, projectText } from '../model/model.ts';
import type { Tag } from '../model/tagging.ts';
import {
  explainCaptionVote,
  explainHit,
  hitNeighbours,
  indexRows,
  type ProjectedPart,
  type QueryPart,
  type TagVote,
} from '../retrieval/index.ts';
import {
  embedQuery,
  type Hit,
  knownParts,
  type PictureIndex,
  type SearchQuery,
  scoreScale,
  tagsOfQuery,
} from './search.ts';

/** What one word of a query added to a score. */
export interface ExplainedWord {
  readonly word: string;
  /**
   * Through the text and through the tag that it is; below 0 where it spoke against the picture. What the tags of a phrase
   * say together is shared equally among its words.
   */
  readonly contribution: number;
  /** How probable the word is as a tag of the picture, where it counted as one, by itself or in a phrase. */
  readonly tag?: number;
}

/** What one part of a query added to a score. */
export interface ExplainedPart {
  /** The part's text; undefined for the picture of a query. */
  readonly text: string | undefined;
  readonly weight: number;
  /** What each different word of it added. */
  readonly words: readonly ExplainedWord[];
  /** What it added whatever its words are; all that the picture of a query added. */
  readonly constant: number;
}

/** A training caption that is near to both query and picture. */
export interface SupportingCaption {
  readonly text: string;
  /** Cosine similarity to the query. */
  readonly toQuery: number;
  /** Cosine similarity to the picture. */
  readonly toHit: number;
}

/** A hit and why it has its score: all contributions, constants and `hubness` add up to it. */
export interface ExplainedHit extends Hit {
  readonly parts: readonly ExplainedPart[];
  /** What was added because the picture is less of a hub than others are, or taken off because it is more of one. */
  readonly hubness: number;
  /** Strongest first; empty for models that keep no captions. */
  readonly captions: readonly SupportingCaption[];
}

/** A tag and the training captions that voted for it. */
export interface ExplainedTag extends Tag {
  /** The share of all votes that the tag got, from which its probability comes; 0..1. */
  readonly share: number;
  /** How many captions voted for it. */
  readonly voters: number;
  /** The strongest of them, and the share of all votes that each has. */
  readonly captions: readonly { readonly text: string; readonly share: number }[];
}

/** Training captions shown for a hit or a tag. */
const CAPTIONS = 3;

/** Of these the different ones are shown. */
const LOOKED_AT = 10 * CAPTIONS;

/**
 * Splits the scores of hits into what each word of the query added, see `explainHit`, and finds the training captions
 * that connect query and picture, see `hitNeighbours`.
 * @param hits as `search` found them for this query in this index
 * @throws CovistaError as `embedQuery`
 */
export async function explainHits(
  index: PictureIndex,
  model: Model,
  query: SearchQuery,
  hits: readonly Hit[],
  engine: Engine,
): Promise<ExplainedHit[]> {
  const known = knownParts(model, query.words);
  const parts: { text: string | undefined; names: readonly string[]; part: ProjectedPart }[] = [];
  for (const part of known) parts.push(await projectPart(model, part, engine));
  if (query.picture !== undefined)
    parts.push({ text: undefined, names: [], part: await picturePart(model, query.picture, engine) });
  const embedded = await embedQuery(model, query, engine);
  const tags = tagsOfQuery(model, query, known);
  const scale = scoreScale(tags.flat());
  const throughTag = (word: string, part: number, item: number) => {
    const named = tags[part]?.find(({ words }) => words.includes(word));
    if (named === undefined) return undefined;
    return {
      probability: index.tags.probability(item, named.tags[named.words.indexOf(word)]!),
      added: (named.weight * index.tags.evidence(item, named.tags)) / named.words.length,
    };
  };
  const rowOf = new Map(index.paths.map((path, i) => [path, i]));
  const explained: ExplainedHit[] = [];
  for (const hit of hits) {
    const item = rowOf.get(hit.path)!;
    const embedding = row(index.embeddings, item);
    const { parts: contributions } = explainHit(
      parts.map(({ part }) => part),
      embedding,
    );
    explained.push({
      ...hit,
      parts: parts.map(({ text, names, part }, i) => ({
        text,
        weight: part.weight,
        words: names.map((word, w) =>
          explainedWord(word, contributions[i]!.words[w]!, throughTag(word, i, item), scale),
        ),
        constant: scale * contributions[i]!.constant,
      })),
      hubness: query.words === undefined ? 0 : -scale * index.correction[item]!,
      captions: await supportingCaptions(model, embedded, matrix(1, embedding.length, embedding), engine),
    });
  }
  return explained;
}

/**
 * The training captions that voted for the tags of pictures; nothing where the model does not vote or keeps no captions.
 * @param features of the pictures, n x dx
 * @param tags of each picture, as `tagFeatures` gives them
 */
export async function explainTags(
  model: Model,
  features: Matrix32,
  tags: readonly (readonly Tag[])[],
  engine: Engine,
): Promise<ExplainedTag[][]> {
  const { bank, recipe } = model;
  if (bank?.texts === undefined || recipe.tags.method !== 'vote')
    return tags.map((some) => some.map((tag) => ({ ...tag, share: 0, voters: 0, captions: [] })));
  const { temperature } = recipe.tags;
  const voters = { ...bank, vocabulary: model.tags.length };
  const pictures = await embedPictures(model, features, engine);
  const explained: ExplainedTag[][] = [];
  for (const [i, some] of tags.entries()) {
    const picture = matrix(1, pictures.columns, row(pictures, i));
    const own: ExplainedTag[] = [];
    for (const tag of some) {
      const word = model.tags.indexOf(tag.word);
      const votes = word < 0 ? [] : await explainCaptionVote(engine, picture, voters, word, { temperature });
      own.push({
        ...tag,
        share: votes.reduce((sum, { weight }) => sum + weight, 0),
        voters: votes.length,
        captions: strongest(votes, bank.texts),
      });
    }
    explained.push(own);
  }
  return explained;
}

/** The captions of the largest shares; those of the same words are one. */
function strongest(votes: readonly TagVote[], texts: readonly string[]): { text: string; share: number }[] {
  const shares = new Map<string, number>();
  for (const { caption, weight } of votes) {
    const text = texts[caption]!;
    shares.set(text, (shares.get(text) ?? 0) + weight);
  }
  return [...shares]
    .map(([text, share]) => ({ text, share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, CAPTIONS);
}

/**
 * A part of a query as a sum over its terms. In a model of several spaces the part lies in each of them at unit length,
 * side by side, and so do its terms.
 */
async function projectPart(model: Model, { text, weight }: QueryPart, engine: Engine) {
  const k = embeddingSize(model);
  const names: string[] = [];
  const owners: number[][] = [];
  const termRows: Float32Array[] = [];
  const constant = new Float32Array(k);
  let start = 0;
  for (const member of [model, ...model.joined]) {
    const { words, owners: own, blocks } = await member.text.decompose(text);
    const projected = await projectText(model.recipe, member.space, withZeroRow(blocks), engine);
    const { rows, columns } = projected;
    // The last row is what a text without any term gives; every other one holds that too.
    const zero = row(projected, rows - 1);
    const sum = Float64Array.from(zero);
    for (let i = 0; i < rows - 1; i++) {
      const term = row(projected, i);
      for (let c = 0; c < columns; c++) {
        term[c]! -= zero[c]!;
        sum[c]! += term[c]!;
      }
    }
    const length = Math.hypot(...sum);
    const factor = length > 0 ? 1 / length : 0;
    const place = (values: Float32Array) => values.map((value) => value * factor);
    constant.set(place(zero), start);
    for (let i = 0; i < rows - 1; i++) {
      const wide = new Float32Array(k);
      wide.set(place(row(projected, i)), start);
      termRows.push(wide);
      owners.push(own[i]!.map((word) => numberOf(names, words[word]!)));
    }
    // Words without a feature are shown too: that they added nothing explains something.
    for (const word of words) numberOf(names, word);
    start += columns;
  }
  const terms = zeros32(termRows.length, k);
  for (const [i, term] of termRows.entries()) terms.data.set(term, i * k);
  const part: ProjectedPart = {
    weight,
    terms,
    words: indexRows(owners),
    wordCount: names.length,
    constant,
  };
  return { text, names, part };
}

function explainedWord(
  word: string,
  throughText: number,
  throughTag: { readonly probability: number; readonly added: number } | undefined,
  scale: number,
): ExplainedWord {
  if (throughTag === undefined) return { word, contribution: scale * throughText };
  return { word, contribution: scale * (throughText + throughTag.added), tag: throughTag.probability };
}

/** The position of a name in a list, at whose end it is put when it is new. */
function numberOf(names: string[], name: string): number {
  const position = names.indexOf(name);
  return position < 0 ? names.push(name) - 1 : position;
}

async function picturePart(model: Model, picture: Float32Array, engine: Engine): Promise<ProjectedPart> {
  const { data } = await embedPictures(model, matrix(1, picture.length, picture), engine);
  return { weight: 1, terms: zeros32(0, data.length), words: indexRows([]), wordCount: 0, constant: data };
}

/** The same rows and one more without any feature. */
function withZeroRow(blocks: readonly Rows[]): Rows[] {
  return blocks.map((block) => {
    const rows = block.rows + 1;
    if (isSparse(block))
      return { ...block, rows, offsets: Uint32Array.of(...block.offsets, block.indices.length) };
    const data = new Float32Array(rows * block.columns);
    data.set(block.data);
    return matrix(rows, block.columns, data);
  });
}

async function supportingCaptions(
  { bank, recipe, tags }: Model,
  query: Matrix32,
  hit: Matrix32,
  engine: Engine,
): Promise<SupportingCaption[]> {
  if (bank?.texts === undefined) return [];
  const { texts } = bank;
  const temperature = recipe.tags.method === 'vote' ? recipe.tags.temperature : undefined;
  const found = await hitNeighbours(
    engine,
    query,
    hit,
    { ...bank, vocabulary: tags.length },
    {
      count: LOOKED_AT,
      ...(temperature !== undefined && { temperature }),
    },
  );
  const strongestOfText = new Map<string, SupportingCaption>();
  for (const { caption, toQuery, toHit } of found) {
    const text = texts[caption]!;
    if (!strongestOfText.has(text)) strongestOfText.set(text, { text, toQuery, toHit });
  }
  return [...strongestOfText.values()].slice(0, CAPTIONS);
}
