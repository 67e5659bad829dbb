import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CovistaError } from '../../base/errors.ts';
import { compactMoments, expandMoments } from '../../cca/moments/compact-moments.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { fileError, isMissing } from '../../files/system-error.ts';
import {
  encodeTensorFile,
  jsonText,
  TensorFile,
  type TensorFileKind,
  wholeText,
} from '../../linalg/index.ts';
import { bankTensors, halves, readBank, readQueries, readQueryPictures } from '../../model/bank-tensors.ts';
import { readTextEncoder, requireFit } from '../../model/member-file.ts';
import { modelSettings, modelSettingsSchema } from '../../model/model-settings.ts';
import type { Recipe } from '../../model/recipe.ts';
import type { WordVectors } from '../../text/index.ts';
import { captionsThatTellHubs, textsToKeep } from '../banks.ts';
import type { Starter, StarterBanks } from './starter.ts';
import { compactSpace, expandSpace } from './starter-space.ts';

const kind: TensorFileKind = {
  entry: ['covista', 'starter'],
  what: 'a Covista starter',
  version: 1,
  hint: 'Make it again with covista fit --save-starter <file>, or update Covista.',
};

const blocksSchema = z.array(z.array(z.number().int().nonnegative()).min(1)).length(2);

const metadataSchema = z.object({
  model: jsonText(modelSettingsSchema),
  count: wholeText.refine((count) => count >= 2, 'is of too few pairs'),
  blocks: jsonText(blocksSchema),
});

/** The starter that comes with Covista; docs/model-card.md describes it. */
export const BUILT_IN_STARTER = fileURLToPath(
  new URL('../../../assets/starter/photos-en.safetensors', import.meta.url),
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
  // Captions that tell hubs are among those of the bank.
  for (const [name, tensor] of bankTensors({ bank: banks?.bank, queries: banks?.queries }))
    if (name !== 'queries.captions' || banks?.bank === undefined) tensors.set(name, tensor);
  const [entry, value] = kind.entry;
  const bytes = encodeTensorFile(tensors, {
    [entry]: value,
    version: String(kind.version),
    model: modelSettings(model),
    count: String(moments.count),
    blocks: JSON.stringify(model.space.views.map((view) => view.blocks)),
  });
  await replaceFile(file, bytes);
}

/**
 * Reads a starter. Its moments, which are large, are made from the file's content whenever they are asked
 * for, its captions when they first are.
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
    if (!isMissing(cause)) throw fileError(path, cause);
    throw new CovistaError('not-found', `There is no starter in ${path}.`, {
      cause,
      hint: 'Make one with: covista fit --save-starter <file>, or do without: --starter none',
    });
  });
  const stored = TensorFile.decode(bytes, path, kind);
  const { model: settings, count, blocks } = stored.read(metadataSchema);
  const { recipe, encoder, vectors, calibration } = settings;
  const wordVectors = recipe.text.includes('vectors') ? await options.wordVectors(vectors) : undefined;
  const text = readTextEncoder(stored, settings.text, { wordVectors });
  const space = expandSpace(stored, blocks, count);
  requireFit(stored, space, encoder.size, text);
  const vocabulary = text.toJSON().words;
  const { offsets, indices } = stored.indexRows(
    'captions.offsets',
    'captions.words',
    undefined,
    vocabulary.length,
    false,
  );
  let texts: readonly string[] | undefined;
  const captions = () => {
    texts ??= Array.from({ length: offsets.length - 1 }, (_, i) =>
      Array.from(indices.subarray(offsets[i]!, offsets[i + 1]!), (word) => vocabulary[word]).join(' '),
    );
    return texts;
  };
  const pictures = stored.matrix('pictures', ['pictures', encoder.size]);
  const moments = () => expandMoments(stored, count, blocks.flat().length);
  if (stored.verified) stored.leave('correlation.');
  else moments();
  const banks = readBanks(stored, space.correlations.length, settings.tags.length, captions);
  stored.finish();
  return {
    name: file ?? 'built in',
    model: {
      ...settings,
      recipe: recipe as Recipe,
      text,
      joined: [],
      sentences: undefined,
      space,
      calibration,
      bank: undefined,
      queries: undefined,
    },
    get moments() {
      return moments();
    },
    get captions() {
      return captions();
    },
    pictures,
    banks,
  };
}

/** Starters that were made before banks were stored have none. */
function readBanks(
  file: TensorFile,
  k: number,
  tags: number,
  captions: () => readonly string[],
): StarterBanks | undefined {
  const bank = file.has('bank.embeddings')
    ? readBank(file, k, tags, () => textsToKeep(captions()))
    : undefined;
  if (!file.has('queries.pictures')) return bank && { bank, queries: undefined };
  if (bank === undefined) return { bank, queries: readQueries(file, k) };
  return { bank, queries: { pictures: readQueryPictures(file, k), captions: captionsThatTellHubs(bank) } };
}
