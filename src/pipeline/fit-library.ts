import { CovistaError } from '../errors.ts';
import type { Library, PictureWords } from '../library/index.ts';
import { selectRows } from '../linalg/matrix.ts';
import type { Model } from './model.ts';
import { saveModel } from './model-file.ts';
import type { PairSource } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * What is learned from a picture: its captions, and its tags together as one more.
 */
export function captionsOf(words: Pick<PictureWords, 'captions' | 'tags'> | undefined): string[] {
  if (words === undefined) return [];
  return [...words.captions, ...(words.tags.length > 0 ? [words.tags.join(', ')] : [])];
}

/**
 * The pictures of a library that have words, as pairs to learn from.
 * @param only when given, no other pictures are taken
 */
export async function libraryPairs(library: Library, only?: ReadonlySet<string>): Promise<PairSource> {
  const words = await library.words();
  // Training asks for captions in the order of the features; one light pass over the paths tells that order.
  const captions: string[][] = [];
  const wanted = (path: string) => words.has(path) && (only === undefined || only.has(path));
  for await (const { paths } of library.paths())
    for (const path of paths) if (wanted(path)) captions.push(captionsOf(words.get(path)));
  return {
    encoder: library.encoder,
    captions,
    async *features() {
      for await (const { paths, vectors } of library.features()) {
        const rows = paths.flatMap((path, i) => (wanted(path) ? [i] : []));
        if (rows.length === 0) continue;
        yield selectRows(vectors, rows);
      }
    },
  };
}

/**
 * Learns the joint space of a library's captioned pictures and stores the model in it, whole or not at all.
 * @throws CovistaError `no-data` for a library without pictures or without words
 */
export async function fitLibrary(library: Library, recipe: Recipe, options: TrainOptions): Promise<Model> {
  if ((await library.count()) === 0)
    throw new CovistaError('no-data', `The library in ${library.folder} holds no pictures.`, {
      hint: 'Index a folder first: covista index <folder> --library <dir>',
    });
  const model = await train(await libraryPairs(library), recipe, options);
  await saveModel(library.modelFile, model);
  return model;
}
