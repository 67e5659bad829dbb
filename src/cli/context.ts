import type { ImageEncoder } from '../image/image-encoder.ts';
import { resolveEncoder } from '../image/index.ts';
import type { Library } from '../library/index.ts';
import { defaultWordVectors, openWordVectors } from '../models/index.ts';
import { type LoadedModel, loadModel, type Recipe } from '../pipeline/index.ts';
import type { WorkOptions } from '../progress.ts';
import type { WordVectors } from '../text/index.ts';

/** Opens the model of a library, with the word vectors that it needs. */
export function openModel(library: Library, work: WorkOptions): Promise<LoadedModel> {
  return loadModel(library.modelFile, { wordVectors: (vectors) => openVectors(vectors, work) });
}

/** The word vectors of a recipe, when it asks for some. */
export async function wordVectorsFor(
  recipe: Recipe,
  vectors: string,
  work: WorkOptions,
): Promise<WordVectors | undefined> {
  return recipe.text.includes('vectors') ? openVectors(vectors, work) : undefined;
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
