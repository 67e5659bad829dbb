import { CovistaError, throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import type { EmbeddingBatch, Library, VectorBatch } from '../library/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { joinRows, type Matrix32, matrix, selectRows, zeros32 } from '../linalg/matrix.ts';
import { embeddingSize, embedPictures, embedTexts, type Model, pictureHubness } from '../model/model.ts';
import {
  combineQuery,
  Gallery,
  largestEvidence,
  parseQuery,
  type QueryPart,
  type QueryTag,
  TagIndex,
} from '../retrieval/index.ts';
import { queryTagger, searchTags, type TaggedWords } from './query-tags.ts';
import { emojiIn } from './query-words.ts';

/** A picture that was found. */
export interface Hit {
  /** Absolute path. */
  readonly path: string;
  /**
   * Cosine similarity to the query in the joint space, less how much of a hub the picture is, and what the tags say that
   * the query names, over the most that both can be: about -1..1.
   */
  readonly score: number;
}

/** A library's pictures, ready to be searched. */
export interface PictureIndex {
  readonly paths: readonly string[];
  /** Pictures x k, rows of unit length. */
  readonly embeddings: Matrix32;
  /** How much the score of each picture is lowered for queries that hold words. */
  readonly correction: Float32Array;
  /** The pictures of each tag, for queries of words alone. */
  readonly tags: TagIndex;
  /** For queries that hold words: pictures that are near to words of all kinds are lowered. */
  readonly byWords: Gallery;
  /** For queries that are a picture: cosine similarity. */
  readonly byPicture: Gallery;
}

/** A library's pictures, ready to be searched; those that are not in the joint space yet are placed first. See {@link placeLibrary}. */
export async function openPictureIndex(
  library: Library,
  model: Model,
  modelId: string,
  engine: Engine,
  options: WorkOptions = {},
): Promise<PictureIndex> {
  return pictureIndex(await placeLibrary(library, model, modelId, engine, options), engine);
}

/**
 * Places those pictures of a library in the joint space that are not there yet, and stores them batch by batch: all of
 * them after a fit, later the new ones, or what is left when it was interrupted.
 * @param modelId names the model whose embeddings are stored; those of other models are replaced
 * @returns all pictures of the library
 * @throws CovistaError `no-data` for a library without pictures
 */
export async function placeLibrary(
  library: Library,
  model: Model,
  modelId: string,
  engine: Engine,
  { signal, onProgress }: WorkOptions = {},
): Promise<EmbeddingBatch> {
  const k = embeddingSize(model);
  let stored = await library.embeddings(modelId, k, model.tags.length);
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
      await library.putEmbeddings(modelId, await placePictures(model, missing, engine));
      for (const path of missing.paths) have.add(path);
      onProgress?.({ stage: 'place pictures', done: have.size, total, unit: 'pictures' });
    }
    stored = await library.embeddings(modelId, k, model.tags.length);
  }
  return stored;
}

/**
 * Places pictures in the joint space, with all else that they are searched by.
 * @param features with the paths of the pictures, n x dx
 */
export async function placePictures(
  model: Model,
  { paths, vectors: features }: VectorBatch,
  engine: Engine,
): Promise<EmbeddingBatch> {
  const vectors = await embedPictures(model, features, engine);
  const hubness = await pictureHubness(model, vectors, engine);
  return { paths, vectors, hubness, tags: await searchTags(model, vectors, engine) };
}

/** Pictures, ready to be searched, as {@link placePictures} places them. */
export function pictureIndex(
  { paths, vectors, hubness, tags }: EmbeddingBatch,
  engine: Engine,
): PictureIndex {
  // Taking off the mean keeps scores near to the cosines they come from.
  const mean = hubness.reduce((sum, value) => sum + value, 0) / hubness.length;
  const correction = hubness.map((value) => value - mean);
  return {
    paths,
    embeddings: vectors,
    correction,
    tags: new TagIndex(tags),
    byWords: new Gallery(engine, vectors, { correction }),
    byPicture: new Gallery(engine, vectors),
  };
}

/** What to search for: words in the query language of `parseQuery`, a picture, or both. */
export interface SearchQuery {
  /** `a dog -grass`, `2:dog beach`, `"hot dog"`. */
  readonly words?: string;
  /** Feature of a picture, as the model's encoder makes it; it counts as much as the plain words. */
  readonly picture?: Float32Array;
}

/**
 * The parts of a query in words that the model knows any word of.
 * @throws CovistaError `usage` for a query that cannot be read, or none of whose words is known to the model
 */
export function knownParts(model: Model, words: string | undefined): readonly QueryPart[] {
  const parts = words === undefined ? [] : parseQuery(words).parts;
  const known = parts.filter(({ text }) => model.text.known(text) > 0);
  if (parts.length > 0 && known.length === 0)
    throw new CovistaError(
      'usage',
      `None of the words in "${words}" is known: ${parts.flatMap(({ text }) => [...model.text.words(text), ...emojiIn(text)]).join(', ') || 'only stop words'}.`,
      {
        hint: `Try other words; the model knows those of its training captions and of its word vectors, in the language "${model.text.language}".`,
      },
    );
  return known;
}

/**
 * Places a query in the joint space: the weighted sum of its parts, each of unit length.
 * @returns 1 x k, of unit length
 * @throws CovistaError as {@link knownParts}
 */
export async function embedQuery(model: Model, query: SearchQuery, engine: Engine): Promise<Matrix32> {
  const known = knownParts(model, query.words);
  const rows: Matrix32[] = [];
  const weights: number[] = [];
  if (known.length > 0) {
    const texts = known.map(({ text }) => text);
    rows.push(await embedTexts(model, texts, engine));
    weights.push(...known.map(({ weight }) => weight));
  }
  if (query.picture !== undefined) {
    rows.push(await embedPictures(model, matrix(1, query.picture.length, query.picture), engine));
    weights.push(1);
  }
  return combineQuery(joinRows(rows), weights);
}

/**
 * The tags that each part of a query of words names, and how much they count. Beside a picture they would outvote it.
 * @param parts as {@link knownParts} gives them
 */
export function tagsOfQuery(model: Model, query: SearchQuery, parts: readonly QueryPart[]): TaggedWords[][] {
  return query.picture === undefined ? queryTagger(model)(parts) : parts.map(() => []);
}

/** What scores are multiplied by, so that they stay within about -1..1 whatever tags add. */
export const scoreScale = (tags: readonly QueryTag[]) => 1 / (1 + largestEvidence(tags));

/**
 * Finds the pictures nearest to a query, the best first.
 * @param count how many pictures
 * @throws CovistaError as {@link embedQuery}
 */
export async function search(
  index: PictureIndex,
  model: Model,
  query: SearchQuery,
  count: number,
  engine: Engine,
): Promise<Hit[]> {
  const embedded = await embedQuery(model, query, engine);
  const gallery = query.words === undefined ? index.byPicture : index.byWords;
  const tags = tagsOfQuery(model, query, knownParts(model, query.words)).flat();
  const bonus = tags.length === 0 ? undefined : zeros32(1, index.paths.length);
  if (bonus !== undefined) index.tags.add(tags, bonus.data);
  const { indices, scores } = await gallery.search(embedded, count, bonus);
  const scale = scoreScale(tags);
  return Array.from(indices, (item, i) => ({ path: index.paths[item]!, score: scale * scores[i]! }));
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

/** The rows whose path is not yet known. */
function without(paths: readonly string[], vectors: Matrix32, known: ReadonlySet<string>): VectorBatch {
  const rows = paths.flatMap((path, i) => (known.has(path) ? [] : [i]));
  return { paths: rows.map((i) => paths[i]!), vectors: selectRows(vectors, rows) };
}
