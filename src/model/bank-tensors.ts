import { HalfMatrix, type Tensor, type TensorFile } from '../linalg/index.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import { ascending, below, unitRows } from '../linalg/tensor-checks.ts';
import type { IndexRows, TagCombination, VoterPictures } from '../retrieval/index.ts';
import type { CaptionBank, DirectTags, Model, QueryBank } from './model.ts';

/** Numbers in half precision: the unit length of embeddings keeps the error of a score below 0.001. */
export function halves(m: Matrix32): Tensor {
  const { rows, columns, bits } = HalfMatrix.of(m);
  return { type: 'F16', shape: [rows, columns], data: bits };
}

const positions = (data: Uint32Array): Tensor => ({ type: 'U32', shape: [data.length], data });
const singles = (data: Float32Array): Tensor => ({ type: 'F32', shape: [data.length], data });

/** The tensors of what a model votes, scores and corrects with; embeddings and weights in half precision. */
export function bankTensors({
  bank,
  direct,
  queries,
}: Pick<Model, 'bank' | 'direct' | 'queries'>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const addRows = (offsets: string, indices: string, rows: IndexRows) => {
    tensors.set(offsets, positions(rows.offsets));
    tensors.set(indices, positions(rows.indices));
  };
  if (bank !== undefined) {
    tensors.set('bank.embeddings', halves(bank.embeddings));
    addRows('bank.offsets', 'bank.words', bank.words);
    tensors.set('bank.correction', singles(bank.correction));
    if (bank.partial !== undefined) tensors.set('bank.partial', positions(bank.partial));
    if (bank.pictures !== undefined) {
      tensors.set('bank.pictures', positions(bank.pictures.of));
      addRows('bank.agreed.offsets', 'bank.agreed.words', bank.pictures.words);
    }
  }
  if (direct !== undefined) {
    tensors.set('direct.weights', halves(direct.regression.weights));
    tensors.set('direct.intercepts', singles(direct.regression.intercepts));
  }
  if (queries !== undefined) {
    tensors.set('queries.pictures', halves(queries.pictures));
    tensors.set('queries.captions', halves(queries.captions));
  }
  return tensors;
}

/**
 * The bank of captions that {@link bankTensors} wrote.
 * @param k length of an embedding
 * @param tags how many there are
 * @param texts gives the captions themselves, where they are kept
 * @throws CovistaError `bad-format` as {@link TensorFile}
 */
export function readBank(
  file: TensorFile,
  k: number,
  tags: number,
  texts?: () => readonly string[] | undefined,
): CaptionBank {
  const embeddings = file.matrix('bank.embeddings', ['captions', k], unitRows(k));
  let known: readonly string[] | undefined;
  const textsOf = () => {
    known ??= texts?.();
    if (known !== undefined && known.length !== embeddings.rows)
      file.fail(`it holds ${known.length} captions, but bank.embeddings are of ${embeddings.rows}`);
    return known;
  };
  // They are many: they are looked at when they are asked for, unless only that would tell that the file is damaged.
  if (!file.verified) textsOf();
  return {
    embeddings,
    words: file.indexRows('bank.offsets', 'bank.words', embeddings.rows, tags),
    correction: file.tensor('bank.correction', 'F32', ['captions']),
    pictures: file.has('bank.pictures') ? readVoterPictures(file, tags) : undefined,
    partial: file.has('bank.partial')
      ? file.tensor('bank.partial', 'U32', ['accepted captions'], ascending, below(embeddings.rows))
      : undefined,
    get texts() {
      return textsOf();
    },
  };
}

function readVoterPictures(file: TensorFile, tags: number): VoterPictures {
  const words = file.indexRows('bank.agreed.offsets', 'bank.agreed.words', undefined, tags);
  return { of: file.tensor('bank.pictures', 'U32', ['captions'], below(words.offsets.length - 1)), words };
}

/** The regression to tags that {@link bankTensors} wrote; parameters as of {@link readBank}. */
export function readDirect(
  file: TensorFile,
  k: number,
  tags: number,
  combination: TagCombination,
): DirectTags {
  const weights = file.matrix('direct.weights', [tags, k]);
  const intercepts = file.tensor('direct.intercepts', 'F32', [tags]);
  return { regression: { weights, intercepts }, combination };
}

/** The queries that {@link bankTensors} wrote; parameters as of {@link readBank}. */
export function readQueries(file: TensorFile, k: number): QueryBank {
  return {
    pictures: readQueryPictures(file, k),
    captions: file.matrix('queries.captions', ['captions that query', k], unitRows(k)),
  };
}

/** The pictures among the queries that {@link bankTensors} wrote. */
export function readQueryPictures(file: TensorFile, k: number): Matrix32 {
  return file.matrix('queries.pictures', ['pictures that query', k], unitRows(k));
}
