import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compactMoments, expandMoments } from '../cca/compact-moments.ts';
import type { Moments } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../linalg/index.ts';
import { replaceFile } from '../replace-file.ts';
import { TextEncoder, type WordVectors } from '../text/index.ts';
import { bankFrom, bankTensors, fromHalves, halves } from './bank-tensors.ts';
import { captionsThatTellHubs, textsToKeep } from './banks.ts';
import { modelSettings, modelSettingsSchema } from './model-file.ts';
import type { Recipe } from './recipe.ts';
import type { Starter, StarterBanks } from './starter.ts';
import { compactSpace, expandSpace } from './starter-space.ts';

/** The version of the file's layout. */
const VERSION = 1;

/** The starter that comes with Covista; docs/model-card.md describes it. */
export const BUILT_IN_STARTER = fileURLToPath(
  new URL('../../assets/starter/photos-en.safetensors', import.meta.url),
);

/**
 * Writes a starter as one safetensors file: moments as `compactMoments` gives them, projections as `compactSpace` does,
 * captions as positions in the list of words, banks as in a model's file, and everything else as JSON in the metadata.
 */
export async function saveStarter(
  file: string,
  { model, moments, captions, pictures, banks }: Starter,
): Promise<void> {
  const tensors = compactMoments(moments);
  for (const [name, tensor] of compactSpace(model.space, tensors)) tensors.set(name, tensor);
  const position = new Map(model.text.toJSON().words.map((word, i) => [word, i]));
  const words = captions.map((caption) => caption.split(' ').flatMap((word) => position.get(word) ?? []));
  const offsets = new Uint32Array(words.length + 1);
  words.forEach((some, i) => {
    offsets[i + 1] = offsets[i]! + some.length;
  });
  tensors.set('captions.offsets', { type: 'U32', shape: [offsets.length], data: offsets });
  tensors.set('captions.words', {
    type: 'U32',
    shape: [offsets.at(-1)!],
    data: Uint32Array.from(words.flat()),
  });
  tensors.set('pictures', halves(pictures));
  if (banks?.bank !== undefined)
    for (const [name, tensor] of bankTensors(banks.bank)) tensors.set(name, tensor);
  if (banks?.queries !== undefined) {
    tensors.set('queries.pictures', halves(banks.queries.pictures));
    // Else they are among those of the bank.
    if (banks.bank === undefined) tensors.set('queries.captions', halves(banks.queries.captions));
  }
  const bytes = encodeSafetensors(tensors, {
    covista: 'starter',
    version: String(VERSION),
    model: modelSettings(model),
    count: String(moments.count),
    blocks: JSON.stringify(model.space.views.map((view) => view.blocks)),
  });
  await replaceFile(file, bytes);
}

/**
 * Reads a starter. Its moments and captions are made from the file's content when they are first asked for.
 * @param file the built-in one when left out
 * @param options `wordVectors`: opens the word vectors, with what was stored as `vectors`
 * @throws CovistaError `not-found` without the file, `version` when another version wrote it, `bad-format` when it
 * is damaged
 */
export async function loadStarter(
  file: string | undefined,
  options: { readonly wordVectors: (vectors: string) => Promise<WordVectors> },
): Promise<Starter> {
  const path = file ?? BUILT_IN_STARTER;
  const bytes = await readFile(path).catch((cause) => {
    throw new CovistaError('not-found', `There is no starter in ${path}.`, {
      cause,
      hint: 'Make one with: covista fit --save-starter <file>, or do without: --starter none',
    });
  });
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fail = (what: string): never => {
    throw new CovistaError('bad-format', `The ${what} of the starter in ${path} cannot be read.`);
  };
  if (metadata.covista !== 'starter')
    throw new CovistaError('bad-format', `${path} is not a Covista starter.`);
  if (metadata.version !== String(VERSION))
    throw new CovistaError(
      'version',
      `${path} has version ${metadata.version}; this Covista reads version ${VERSION}.`,
    );
  const settings = modelSettingsSchema.safeParse(JSON.parse(metadata.model ?? 'null'));
  if (!settings.success) return fail('settings');
  const { recipe, vectors, calibration } = settings.data;
  const wordVectors = recipe.text.includes('vectors') ? await options.wordVectors(vectors) : undefined;
  const text = TextEncoder.fromJSON(settings.data.text, { wordVectors });
  const count = Number(metadata.count);
  const pictures = fromHalves(tensors.get('pictures'));
  if (pictures === undefined) return fail('pictures');
  const captions = captionsFrom(tensors, text.toJSON().words) ?? fail('captions');
  let moments: Moments | undefined;
  return {
    name: file ?? 'built in',
    model: {
      ...settings.data,
      recipe: recipe as Recipe,
      text,
      joined: [],
      sentences: undefined,
      space: expandSpace(tensors, JSON.parse(metadata.blocks ?? '[]'), count, path),
      calibration,
      bank: undefined,
      queries: undefined,
    },
    get moments() {
      moments ??= expandMoments(tensors, count, 1 + text.blocks.length, path);
      return moments;
    },
    get captions() {
      return captions();
    },
    pictures,
    banks: banksFrom(tensors, captions, path),
  };
}

/** Puts the captions together when they are first asked for; undefined where their tensors are missing or wrong. */
function captionsFrom(
  tensors: ReadonlyMap<string, Tensor>,
  vocabulary: readonly string[],
): (() => readonly string[]) | undefined {
  const offsets = tensors.get('captions.offsets');
  const words = tensors.get('captions.words');
  if (offsets?.type !== 'U32' || words?.type !== 'U32') return undefined;
  let captions: readonly string[] | undefined;
  return () => {
    captions ??= Array.from({ length: offsets.data.length - 1 }, (_, i) =>
      Array.from(
        words.data.subarray(offsets.data[i]!, offsets.data[i + 1]!),
        (word) => vocabulary[word],
      ).join(' '),
    );
    return captions;
  };
}

/** Starters that were made before banks were stored have none. */
function banksFrom(
  tensors: ReadonlyMap<string, Tensor>,
  captions: () => readonly string[],
  path: string,
): StarterBanks | undefined {
  const bank = bankFrom(tensors, path);
  const pictures = fromHalves(tensors.get('queries.pictures'));
  const among = bank === undefined ? fromHalves(tensors.get('queries.captions')) : captionsThatTellHubs(bank);
  if (bank === undefined && pictures === undefined) return undefined;
  return {
    bank: bank && {
      ...bank,
      get texts() {
        return textsToKeep(captions());
      },
    },
    queries: pictures && among && { pictures, captions: among },
  };
}
