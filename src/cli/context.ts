import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CovistaError } from '../errors.ts';
import type { ImageEncoder } from '../image/image-encoder.ts';
import { absoluteEncoderName, resolveEncoder } from '../image/index.ts';
import { Library } from '../library/index.ts';
import { createEngine } from '../linalg/create-engine.node.ts';
import { defaultWordVectors, openWordVectors } from '../models/index.ts';
import {
  type LoadedModel,
  loadModel,
  loadStarter,
  OWN_VECTORS,
  type Recipe,
  type Starter,
  saveModel,
  starterMismatch,
  starterModel,
} from '../pipeline/index.ts';
import type { WorkOptions } from '../progress.ts';
import type { WordVectors } from '../text/index.ts';

/**
 * Opens the model of a library, with the word vectors that it needs. A library that was never fitted gets the starter
 * that comes with Covista for its model.
 * @throws CovistaError `not-found` for a library that was never fitted and whose encoder is not the starter's
 */
export async function openModel(library: Library, work: WorkOptions): Promise<LoadedModel> {
  if (!existsSync(library.modelFile)) await adoptStarter(library, work);
  return loadModel(library.modelFile, { wordVectors: (vectors) => openVectors(vectors, work) });
}

async function adoptStarter(library: Library, work: WorkOptions): Promise<void> {
  const starter = (await starterNamed('default', work))!;
  const mismatch = starterMismatch(starter, library.encoder);
  if (mismatch !== undefined)
    throw new CovistaError('not-found', `There is no model in ${library.modelFile} yet, and ${mismatch}.`, {
      hint: 'Learn a model from captions or tags first: covista fit --library <dir>',
    });
  const engine = await createEngine();
  try {
    await saveModel(library.modelFile, await starterModel(starter, { ...work, engine }));
  } finally {
    await engine.close();
  }
  work.onProgress?.({
    stage: 'use the starter',
    done: 1,
    warning: `Nothing was learned from ${library.folder} yet: searching with the starter. covista fit learns from your captions and tags.`,
  });
}

/** The starter that `--starter` names: `default`, `none`, or a file. */
export async function starterNamed(name: string, work: WorkOptions): Promise<Starter | undefined> {
  if (name === 'none') return undefined;
  return loadStarter(name === 'default' ? undefined : name, {
    wordVectors: (vectors) => openVectors(vectors, work),
  });
}

/** The word vectors of a recipe, when it asks for some; those of one's own captions are trained with the model. */
export async function wordVectorsFor(
  recipe: Recipe,
  vectors: string,
  work: WorkOptions,
): Promise<WordVectors | undefined> {
  return recipe.text.includes('vectors') && vectors !== OWN_VECTORS ? openVectors(vectors, work) : undefined;
}

/** `default`, or a file in any format of word vectors. */
function openVectors(vectors: string, work: WorkOptions): Promise<WordVectors> {
  return vectors === 'default' ? defaultWordVectors(work) : openWordVectors(vectors, work);
}

/** Runs with the encoder that a library was made with, and closes it afterwards. */
export async function withEncoder<T>(
  spec: string | undefined,
  work: WorkOptions,
  use: (encoder: ImageEncoder) => Promise<T>,
): Promise<T> {
  const encoder = await resolveEncoder(spec, work);
  try {
    return await use(encoder);
  } finally {
    await encoder.close();
  }
}

/**
 * Runs with the library in a folder, made now when there is none, and with the encoder of its features.
 * @param name of the encoder; that of the library, or `default`, when left out
 */
export async function withLibraryAndEncoder<T>(
  folder: string,
  name: string | undefined,
  work: WorkOptions,
  use: (library: Library, encoder: ImageEncoder) => Promise<T>,
): Promise<T> {
  const existing = existsSync(join(folder, 'library.json')) ? await Library.open(folder) : undefined;
  const spec = absoluteEncoderName(name ?? existing?.encoder.spec ?? 'default');
  return withEncoder(spec, work, async (encoder) => {
    const { id, size, blocks } = encoder;
    const library = existing ?? (await Library.openOrCreate(folder, { spec, id, size, blocks }));
    try {
      return await use(library, encoder);
    } finally {
      library.close();
    }
  });
}
