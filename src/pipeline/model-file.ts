import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadJointSpace, saveJointSpace } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  fromFloat16,
  type Tensor,
  toFloat16,
} from '../linalg/index.ts';
import { type Matrix32, matrix } from '../linalg/matrix.ts';
import { replaceFile } from '../replace-file.ts';
import type { TagCombination, VoterPictures } from '../retrieval/index.ts';
import { fileError, isMissing } from '../system-error.ts';
import { type SentenceEncoder, TextEncoder, type WordVectors, wordVectorsOf } from '../text/index.ts';
import type { CaptionBank, DirectTags, Member, Model, QueryBank } from './model.ts';
import { type Recipe, recipeSchema } from './recipe.ts';
import { OWN_VECTORS } from './text-view.ts';

/** The version of the file's layout. */
const VERSION = 1;

/** All of a model but its matrices, as stored. */
export const modelSettingsSchema = z.object({
  recipe: recipeSchema,
  encoder: z.object({
    id: z.string(),
    size: z.number().int().positive(),
    blocks: z.array(z.object({ name: z.string(), size: z.number().int().positive() })),
  }),
  text: z.unknown(),
  joined: z.array(z.unknown()),
  vectors: z.string(),
  sentences: z.string().optional(),
  tags: z.array(z.string()),
  tagCounts: z.array(z.number().int()),
  calibration: z
    .object({
      bands: z.array(
        z.object({
          minimumFrequency: z.number(),
          scores: z.array(z.number()),
          probabilities: z.array(z.number()),
        }),
      ),
    })
    .optional(),
  combination: z.object({ weights: z.array(z.number()), intercept: z.number() }).optional(),
  trained: z.object({ pictures: z.number().int(), captions: z.number().int() }),
});

/** A model as loaded, and the id that tells it from every other. */
export interface LoadedModel {
  readonly model: Model;
  /** Made from the file's content: the same model has the same id everywhere. */
  readonly id: string;
}

/**
 * Writes a model as one safetensors file that Python can read: the joint space, the bank of captions in half
 * precision, and everything else as JSON in the metadata. The file is there whole or not at all.
 */
export async function saveModel(file: string, model: Model): Promise<void> {
  const tensors = new Map<string, Tensor>();
  const members = [model, ...model.joined];
  const spaces = members.map((member) => decodeSafetensors(saveJointSpace(member.space)));
  spaces.forEach((space, i) => {
    for (const [name, tensor] of space.tensors) tensors.set(`${spaceName(i)}${name}`, tensor);
  });
  if (model.bank !== undefined) {
    const { embeddings, words, correction, pictures, partial } = model.bank;
    tensors.set('bank.embeddings', halves(embeddings));
    tensors.set('bank.offsets', { type: 'U32', shape: [words.offsets.length], data: words.offsets });
    tensors.set('bank.correction', { type: 'F32', shape: [correction.length], data: correction });
    tensors.set('bank.words', { type: 'U32', shape: [words.indices.length], data: words.indices });
    if (partial !== undefined)
      tensors.set('bank.partial', { type: 'U32', shape: [partial.length], data: partial });
    if (pictures !== undefined) {
      const { of, words: agreed } = pictures;
      tensors.set('bank.pictures', { type: 'U32', shape: [of.length], data: of });
      tensors.set('bank.agreed.offsets', {
        type: 'U32',
        shape: [agreed.offsets.length],
        data: agreed.offsets,
      });
      tensors.set('bank.agreed.words', { type: 'U32', shape: [agreed.indices.length], data: agreed.indices });
    }
  }
  if (model.direct !== undefined) {
    const { weights, intercepts } = model.direct.regression;
    tensors.set('direct.weights', halves(weights));
    tensors.set('direct.intercepts', { type: 'F32', shape: [intercepts.length], data: intercepts });
  }
  if (model.queries !== undefined) {
    tensors.set('queries.pictures', halves(model.queries.pictures));
    tensors.set('queries.captions', halves(model.queries.captions));
  }
  const own = model.vectors === OWN_VECTORS ? model.text.wordVectors : undefined;
  if (own !== undefined) tensors.set('vectors', vectorTensor(own));
  const bytes = encodeSafetensors(tensors, {
    covista: 'model',
    version: String(VERSION),
    model: modelSettings(model),
    spaces: JSON.stringify(spaces.map((space) => space.metadata)),
    ...(model.bank?.texts && { captions: JSON.stringify(model.bank.texts) }),
    ...(own && { vectorWords: JSON.stringify([...own.words()]) }),
  });
  await replaceFile(file, bytes);
}

/** All of a model but its matrices, as JSON that {@link modelSettingsSchema} checks. */
export function modelSettings(model: Model): string {
  const { recipe, encoder, text, vectors, sentences, tags, tagCounts, calibration, direct, trained } = model;
  return JSON.stringify({
    recipe,
    encoder,
    text: text.toJSON(),
    joined: model.joined.map((one) => one.text.toJSON()),
    vectors,
    sentences,
    tags,
    tagCounts,
    calibration,
    combination: direct?.combination,
    trained,
  });
}

/**
 * Reads a model.
 * @param options open what the model needs, called only when it does: `wordVectors` with what was stored as `vectors`,
 * `sentences` with what was stored as `sentences`
 * @throws CovistaError `not-found` without the file, `version` when another version wrote it, `bad-format` when it
 * is damaged
 */
export async function loadModel(
  file: string,
  options: {
    readonly wordVectors: (vectors: string) => Promise<WordVectors>;
    readonly sentences?: (name: string) => Promise<SentenceEncoder>;
  },
): Promise<LoadedModel> {
  const bytes = await readFile(file).catch((cause) => {
    if (!isMissing(cause)) throw fileError(file, cause);
    throw new CovistaError('not-found', `There is no model in ${file} yet.`, {
      cause,
      hint: 'Learn one first: covista fit --library <dir>',
    });
  });
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata.covista !== 'model' || metadata.model === undefined || metadata.spaces === undefined)
    throw new CovistaError('bad-format', `${file} is not a Covista model.`);
  if (metadata.version !== String(VERSION))
    throw new CovistaError(
      'version',
      `${file} has version ${metadata.version}; this Covista reads version ${VERSION}.`,
      { hint: 'Learn it again: covista fit --library <dir>' },
    );
  const settings = modelSettingsSchema.safeParse(JSON.parse(metadata.model));
  if (!settings.success)
    throw new CovistaError('bad-format', `The settings in ${file} cannot be read.`, {
      cause: settings.error,
    });
  const { recipe, encoder, text, vectors, sentences, tags, tagCounts, calibration, combination, trained } =
    settings.data;
  const openVectors = async () =>
    vectors === OWN_VECTORS
      ? vectorsFrom(tensors.get('vectors'), metadata.vectorWords, file)
      : options.wordVectors(vectors);
  const wordVectors = recipe.text.includes('vectors') ? await openVectors() : undefined;
  if (sentences !== undefined && options.sentences === undefined)
    throw new CovistaError('usage', `The model in ${file} needs the sentence encoder ${sentences}.`, {
      hint: 'Give loadModel a function `sentences` that opens it, such as resolveSentenceEncoder.',
    });
  const sentenceEncoder = sentences === undefined ? undefined : await options.sentences!(sentences);
  const member = (stored: unknown, i: number): Member => ({
    text: TextEncoder.fromJSON(stored, { wordVectors, sentences: sentenceEncoder }),
    space: spaceFrom(tensors, JSON.parse(metadata.spaces!)[i], i),
  });
  return {
    model: {
      recipe: recipe as Recipe,
      encoder,
      ...member(text, 0),
      joined: settings.data.joined.map((stored, i) => member(stored, i + 1)),
      vectors,
      sentences,
      tags,
      tagCounts,
      direct: combination && directFrom(tensors, combination, file),
      calibration,
      bank: bankFrom(tensors, metadata.captions, file),
      queries: queriesFrom(tensors),
      trained,
    },
    id: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
  };
}

/** Word vectors that were trained on the captions, in full precision so that texts are encoded as before. */
function vectorTensor(own: WordVectors): Tensor {
  const data = new Float32Array(own.count * own.size);
  let at = 0;
  for (const word of own.words()) {
    data.set(own.vector(word)!, at);
    at += own.size;
  }
  return { type: 'F32', shape: [own.count, own.size], data };
}

function vectorsFrom(tensor: Tensor | undefined, words: string | undefined, file: string): WordVectors {
  const parsed = z.array(z.string()).safeParse(words === undefined ? undefined : JSON.parse(words));
  if (tensor?.type !== 'F32' || tensor.shape.length !== 2 || !parsed.success)
    throw new CovistaError('bad-format', `The word vectors in ${file} cannot be read.`);
  return wordVectorsOf(OWN_VECTORS, parsed.data, matrix(tensor.shape[0]!, tensor.shape[1]!, tensor.data));
}

/** What the names of a member's tensors begin with. */
const spaceName = (member: number) => (member === 0 ? 'space.' : `joined.${member}.space.`);

function spaceFrom(tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>, member: number) {
  const own = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(spaceName(member)) ? [[name.slice(spaceName(member).length), tensor] as const] : [],
    ),
  );
  return loadJointSpace(encodeSafetensors(own, metadata));
}

function bankFrom(
  tensors: ReadonlyMap<string, Tensor>,
  captions: string | undefined,
  file: string,
): CaptionBank | undefined {
  const embeddings = tensors.get('bank.embeddings');
  if (embeddings === undefined) return undefined;
  const offsets = tensors.get('bank.offsets');
  const words = tensors.get('bank.words');
  const correction = tensors.get('bank.correction');
  const partial = tensors.get('bank.partial');
  const texts = z
    .array(z.string())
    .optional()
    .safeParse(captions === undefined ? undefined : JSON.parse(captions));
  if (
    !texts.success ||
    embeddings.type !== 'F16' ||
    offsets?.type !== 'U32' ||
    words?.type !== 'U32' ||
    correction?.type !== 'F32'
  )
    throw new CovistaError('bad-format', `The bank of captions in ${file} cannot be read.`);
  return {
    embeddings: fromHalves(embeddings)!,
    words: { offsets: offsets.data, indices: words.data },
    correction: correction.data,
    pictures: voterPicturesFrom(tensors),
    partial: partial?.type === 'U32' ? partial.data : undefined,
    texts: texts.data,
  };
}

function voterPicturesFrom(tensors: ReadonlyMap<string, Tensor>): VoterPictures | undefined {
  const of = tensors.get('bank.pictures');
  const offsets = tensors.get('bank.agreed.offsets');
  const words = tensors.get('bank.agreed.words');
  if (of?.type !== 'U32' || offsets?.type !== 'U32' || words?.type !== 'U32') return undefined;
  return { of: of.data, words: { offsets: offsets.data, indices: words.data } };
}

function directFrom(
  tensors: ReadonlyMap<string, Tensor>,
  combination: TagCombination,
  file: string,
): DirectTags {
  const weights = fromHalves(tensors.get('direct.weights'));
  const intercepts = tensors.get('direct.intercepts');
  if (weights === undefined || intercepts?.type !== 'F32' || intercepts.data.length !== weights.rows)
    throw new CovistaError('bad-format', `The regression to tags in ${file} cannot be read.`);
  return { regression: { weights, intercepts: intercepts.data }, combination };
}

function queriesFrom(tensors: ReadonlyMap<string, Tensor>): QueryBank | undefined {
  const pictures = fromHalves(tensors.get('queries.pictures'));
  const captions = fromHalves(tensors.get('queries.captions'));
  return pictures === undefined || captions === undefined ? undefined : { pictures, captions };
}

/** Numbers in half precision: the unit length of embeddings keeps the error of a score below 0.001. */
function halves({ rows, columns, data }: Matrix32): Tensor {
  return { type: 'F16', shape: [rows, columns], data: toFloat16(data) };
}

function fromHalves(tensor: Tensor | undefined): Matrix32 | undefined {
  if (tensor?.type !== 'F16' || tensor.shape.length !== 2) return undefined;
  return matrix(tensor.shape[0]!, tensor.shape[1]!, fromFloat16(tensor.data));
}
