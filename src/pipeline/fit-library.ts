import { CovistaError } from '../base/errors.ts';
import type { PairSource } from '../learning/pairs.ts';
import { fitOnStarter, type ModelOnStarter } from '../learning/starter/fit-on-starter.ts';
import { type Starter, starterMismatch } from '../learning/starter/starter.ts';
import { train } from '../learning/train.ts';
import type { TrainOptions } from '../learning/train-options.ts';
import type { Library, PictureWords } from '../library/index.ts';
import { selectRows } from '../linalg/matrix.ts';
import type { Model } from '../model/model.ts';
import { saveModel } from '../model/model-file.ts';
import type { Recipe } from '../model/recipe.ts';

/**
 * What is learned from a picture: its captions, and its tags together as one more.
 */
export function captionsOf(words: Pick<PictureWords, 'captions' | 'tags'> | undefined): string[] {
  if (words === undefined) return [];
  return [...words.captions, ...(words.tags.length > 0 ? [words.tags.join(', ')] : [])];
}

/**
 * The pictures of a library that have words, as pairs to learn from: captions, tags, and tags that somebody accepted.
 * Tags that somebody rejected are not learned from: taking their pairs off the moments made retrieval and tags worse.
 * @param only when given, no other pictures are taken
 * @returns also the paths of the pictures, in the order of their captions
 */
export async function libraryPairs(
  library: Library,
  only?: ReadonlySet<string>,
): Promise<PairSource & { readonly paths: readonly string[] }> {
  const words = await library.words();
  const decisions = await library.decisions();
  const wanted = (path: string) => only === undefined || only.has(path);
  const learned = (path: string): string[] => {
    const { captions = [], tags = [] } = words.get(path) ?? {};
    return captionsOf({ captions, tags: [...new Set([...tags, ...(decisions.get(path)?.accepted ?? [])])] });
  };
  // Training asks for captions in the order of the features; one light pass over the paths tells that order.
  const paths: string[] = [];
  for await (const batch of library.paths()) paths.push(...batch.paths.filter(wanted));
  const taken = paths.filter((path) => learned(path).length > 0);
  return {
    encoder: library.encoder,
    paths: taken,
    captions: taken.map(learned),
    async *features() {
      for await (const batch of library.features()) {
        const rows = batch.paths.flatMap((path, i) => (wanted(path) && learned(path).length > 0 ? [i] : []));
        if (rows.length > 0) yield selectRows(batch.vectors, rows);
      }
    },
    isAccepted(position, caption) {
      const { captions = [], tags = [] } = words.get(taken[position]!) ?? {};
      return tags.length === 0 && caption === captions.length;
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

/**
 * Learns a library's model on top of a starter and stores it.
 * @param starter left out: from the library's own pairs alone
 * @throws CovistaError `no-data` for a library without pictures, or without words when no starter can be used
 */
export async function fitLibraryOnStarter(
  library: Library,
  recipe: Recipe,
  starter: Starter | undefined,
  options: TrainOptions,
): Promise<ModelOnStarter> {
  const mismatch =
    starter === undefined
      ? 'no starter was asked for'
      : starterMismatch(starter, library.encoder, recipe, options.vectors);
  if (starter === undefined || mismatch !== undefined || (await library.count()) === 0)
    return {
      model: await fitLibrary(library, recipe, options),
      choice: { from: 'own', weight: 0, reason: `Learned from own pictures only: ${mismatch}.` },
    };
  const fitted = await fitOnStarter(await libraryPairs(library), recipe, starter, options);
  await saveModel(library.modelFile, fitted.model);
  return fitted;
}
