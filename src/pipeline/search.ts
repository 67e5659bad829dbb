import { CovistaError, throwIfAborted } from '../errors.ts';
import type { ImageEncoder } from '../image/image-encoder.ts';
import type { Library, VectorBatch } from '../library/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, matrix, selectRows } from '../linalg/matrix.ts';
import type { WorkOptions } from '../progress.ts';
import { Gallery } from '../retrieval/index.ts';
import { embedPictures, embedTexts, type Model, pictureHubness } from './model.ts';

/** A picture that was found. */
export interface Hit {
  /** Absolute path. */
  readonly path: string;
  /** Cosine similarity to the query in the joint space, -1..1. */
  readonly score: number;
}

/** A library's pictures, ready to be searched. */
export interface PictureIndex {
  readonly paths: readonly string[];
  readonly gallery: Gallery;
}

/**
 * Loads the embeddings of a library's pictures; pictures that were indexed after the model was fitted are placed
 * in the joint space now, and stored.
 * @param modelId names the model whose embeddings are stored
 * @throws CovistaError `no-data` for a library without pictures
 */
export async function openPictureIndex(
  library: Library,
  model: Model,
  modelId: string,
  engine: Engine,
  { signal, onProgress }: WorkOptions = {},
): Promise<PictureIndex> {
  const k = model.space.correlations.length;
  let stored = await library.embeddings(modelId, k);
  const total = await library.count();
  if (total === 0)
    throw new CovistaError('no-data', `The library in ${library.folder} holds no pictures.`, {
      hint: 'Index a folder first: covista index <folder> --library <dir>',
    });
  if (stored.paths.length !== total) {
    if (stored.paths.length === 0) await library.clearEmbeddings();
    const have = new Set(stored.paths);
    for await (const { paths, vectors } of library.features()) {
      throwIfAborted(signal);
      const missing = without(paths, vectors, have);
      if (missing.paths.length === 0) continue;
      const embedded = await embedPictures(model, missing.vectors, engine);
      const hubness = await pictureHubness(model, embedded, engine);
      await library.putEmbeddings(modelId, { paths: missing.paths, vectors: embedded, hubness });
      for (const path of missing.paths) have.add(path);
      onProgress?.({ stage: 'place pictures', done: have.size, total, unit: 'pictures' });
    }
    stored = await library.embeddings(modelId, k);
  }
  return {
    paths: stored.paths,
    gallery: new Gallery(engine, stored.vectors, { correction: stored.hubness }),
  };
}

/**
 * Finds pictures by words, the best first.
 * @param query words or a sentence
 * @param count how many pictures
 * @throws CovistaError `usage` when none of the words is known to the model
 */
export async function searchByWords(
  index: PictureIndex,
  model: Model,
  query: string,
  count: number,
  engine: Engine,
): Promise<Hit[]> {
  if (model.text.known(query) === 0)
    throw new CovistaError(
      'usage',
      `None of the words in "${query}" is known: ${model.text.words(query).join(', ') || 'only stop words'}.`,
      { hint: 'Try other words; the model knows those of its training captions and of its word vectors.' },
    );
  return hits(index, await embedTexts(model, [query], engine), count);
}

/**
 * Finds pictures that are like a picture, the best first.
 * @param feature of the picture, as the model's encoder makes it
 */
export async function searchByFeature(
  index: PictureIndex,
  model: Model,
  feature: Float32Array,
  count: number,
  engine: Engine,
): Promise<Hit[]> {
  return hits(index, await embedPictures(model, matrix(1, feature.length, feature), engine), count);
}

/**
 * Encodes pictures that need not be in the library.
 * @returns features, n x dx, of those that could be read, their paths, and why the others could not
 */
export async function encodePictures(
  encoder: ImageEncoder,
  files: readonly string[],
  { signal, onProgress }: WorkOptions = {},
): Promise<VectorBatch & { readonly failed: readonly { path: string; reason: string }[] }> {
  const features: (Float32Array | undefined)[] = files.map(() => undefined);
  const failed: { path: string; reason: string }[] = [];
  let done = 0;
  for await (const result of encoder.encode(files, { signal })) {
    if ('error' in result) {
      failed.push({ path: files[result.index]!, reason: result.error.message });
      onProgress?.({ stage: 'encode pictures', done, warning: result.error.message });
    } else features[result.index] = result.feature;
    onProgress?.({ stage: 'encode pictures', done: ++done, total: files.length, unit: 'pictures' });
  }
  const good = files.flatMap((_, i) => (features[i] === undefined ? [] : [i]));
  const data = new Float32Array(good.length * encoder.size);
  good.forEach((from, to) => {
    data.set(features[from]!, to * encoder.size);
  });
  return { paths: good.map((i) => files[i]!), vectors: matrix(good.length, encoder.size, data), failed };
}

async function hits(index: PictureIndex, query: Matrix32, count: number): Promise<Hit[]> {
  const { indices, scores } = await index.gallery.search(query, count);
  return Array.from(indices, (item, i) => ({ path: index.paths[item]!, score: scores[i]! }));
}

/** The rows whose path is not yet known. */
function without(paths: readonly string[], vectors: Matrix32, known: ReadonlySet<string>): VectorBatch {
  const rows = paths.flatMap((path, i) => (known.has(path) ? [] : [i]));
  return { paths: rows.map((i) => paths[i]!), vectors: selectRows(vectors, rows) };
}
