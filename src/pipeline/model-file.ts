import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadJointSpace, saveJointSpace } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import { writeAtomically } from '../library/index.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  fromFloat16,
  type Tensor,
  toFloat16,
} from '../linalg/index.ts';
import { type Matrix32, matrix } from '../linalg/matrix.ts';
import { TextEncoder, type WordVectors } from '../text/index.ts';
import type { CaptionBank, Model, QueryBank } from './model.ts';
import { type Recipe, recipeSchema } from './recipe.ts';

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
  vectors: z.string(),
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
  const space = decodeSafetensors(saveJointSpace(model.space));
  for (const [name, tensor] of space.tensors) tensors.set(`space.${name}`, tensor);
  if (model.bank !== undefined) {
    const { embeddings, words, correction } = model.bank;
    tensors.set('bank.embeddings', halves(embeddings));
    tensors.set('bank.offsets', { type: 'U32', shape: [words.offsets.length], data: words.offsets });
    tensors.set('bank.correction', { type: 'F32', shape: [correction.length], data: correction });
    tensors.set('bank.words', { type: 'U32', shape: [words.indices.length], data: words.indices });
  }
  if (model.queries !== undefined) {
    tensors.set('queries.pictures', halves(model.queries.pictures));
    tensors.set('queries.captions', halves(model.queries.captions));
  }
  const bytes = encodeSafetensors(tensors, {
    covista: 'model',
    version: String(VERSION),
    model: modelSettings(model),
    space: JSON.stringify(space.metadata),
  });
  await writeAtomically(file, bytes);
}

/** All of a model but its matrices, as JSON that {@link modelSettingsSchema} checks. */
export function modelSettings(model: Model): string {
  const { recipe, encoder, text, vectors, tags, tagCounts, calibration, trained } = model;
  return JSON.stringify({ recipe, encoder, text: text.toJSON(), vectors, tags, tagCounts, calibration, trained });
}

/**
 * Reads a model.
 * @param options `wordVectors`: opens the word vectors, called only when the model needs them, with what was stored as `vectors`
 * @throws CovistaError `not-found` without the file, `version` when another version wrote it, `bad-format` when it
 * is damaged
 */
export async function loadModel(
  file: string,
  options: { readonly wordVectors: (vectors: string) => Promise<WordVectors> },
): Promise<LoadedModel> {
  const bytes = await readFile(file).catch((cause) => {
    throw new CovistaError('not-found', `There is no model in ${file} yet.`, {
      cause,
      hint: 'Learn one first: covista fit --library <dir>',
    });
  });
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata.covista !== 'model' || metadata.model === undefined || metadata.space === undefined)
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
  const { recipe, encoder, text, vectors, tags, tagCounts, calibration, trained } = settings.data;
  const spaceTensors = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith('space.') ? [[name.slice('space.'.length), tensor] as const] : [],
    ),
  );
  const wordVectors = recipe.text.includes('vectors') ? await options.wordVectors(vectors) : undefined;
  return {
    model: {
      recipe: recipe as Recipe,
      encoder,
      text: TextEncoder.fromJSON(text, { wordVectors }),
      vectors,
      space: loadJointSpace(encodeSafetensors(spaceTensors, JSON.parse(metadata.space))),
      tags,
      tagCounts,
      calibration,
      bank: bankFrom(tensors, file),
      queries: queriesFrom(tensors),
      trained,
    },
    id: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
  };
}

function bankFrom(tensors: ReadonlyMap<string, Tensor>, file: string): CaptionBank | undefined {
  const embeddings = tensors.get('bank.embeddings');
  if (embeddings === undefined) return undefined;
  const offsets = tensors.get('bank.offsets');
  const words = tensors.get('bank.words');
  const correction = tensors.get('bank.correction');
  if (
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
  };
}

function queriesFrom(tensors: ReadonlyMap<string, Tensor>): QueryBank | undefined {
  const pictures = fromHalves(tensors.get('queries.pictures'));
  const captions = fromHalves(tensors.get('queries.captions'));
  return pictures === undefined || captions === undefined ? undefined : { pictures, captions };
}

/** Embeddings in half precision: their unit length keeps the error of a score below 0.001. */
function halves({ rows, columns, data }: Matrix32): Tensor {
  return { type: 'F16', shape: [rows, columns], data: toFloat16(data) };
}

function fromHalves(tensor: Tensor | undefined): Matrix32 | undefined {
  if (tensor?.type !== 'F16' || tensor.shape.length !== 2) return undefined;
  return matrix(tensor.shape[0]!, tensor.shape[1]!, fromFloat16(tensor.data));
}
