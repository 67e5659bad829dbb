import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CovistaError } from '../base/errors.ts';
import { describeJointSpace, readJointSpace } from '../cca/index.ts';
import { replaceFile } from '../files/replace-file.ts';
import { fileError, isMissing } from '../files/system-error.ts';
import { encodeTensorFile, jsonText, type Tensor, TensorFile, type TensorFileKind } from '../linalg/index.ts';
import { matrix } from '../linalg/matrix.ts';
import { type SentenceEncoder, type WordVectors, wordVectorsOf } from '../text/index.ts';
import { bankTensors, readBank, readDirect, readQueries } from './bank-tensors.ts';
import { readTextEncoder, requireFit } from './member-file.ts';
import { embeddingSize, type Member, type Model, OWN_VECTORS } from './model.ts';
import { modelSettings, modelSettingsSchema } from './model-settings.ts';
import type { Recipe } from './recipe.ts';

const kind: TensorFileKind = {
  entry: ['covista', 'model'],
  what: 'a Covista model',
  version: 1,
  hint: 'Learn it again: covista fit --library <dir>',
};

const captionsSchema = jsonText(z.array(z.string()));

const metadataSchema = z.object({
  model: jsonText(modelSettingsSchema),
  spaces: jsonText(z.array(z.record(z.string(), z.string()))),
  captions: z.string().optional(),
  id: z.string().optional(),
  vectorWords: jsonText(z.array(z.string())).optional(),
});

/** A model as loaded, and the id that tells it from every other. */
export interface LoadedModel {
  readonly model: Model;
  /** Made from the model's content when it was saved: the same model has the same id everywhere. */
  readonly id: string;
}

/**
 * Writes a model as one safetensors file that Python can read: the joint space, the bank of captions in half
 * precision, and everything else as JSON in the metadata. The file is there whole or not at all.
 * @returns the id that {@link loadModel} will give
 */
export async function saveModel(file: string, model: Model): Promise<string> {
  const tensors = bankTensors(model);
  const spaces = [model, ...model.joined].map((member) => describeJointSpace(member.space));
  spaces.forEach((space, i) => {
    for (const [name, tensor] of space.tensors) tensors.set(`${spaceName(i)}${name}`, tensor);
  });
  const own = model.vectors === OWN_VECTORS ? model.text.wordVectors : undefined;
  if (own !== undefined) tensors.set('vectors', vectorTensor(own));
  const [entry, value] = kind.entry;
  const metadata = {
    [entry]: value,
    version: String(kind.version),
    model: modelSettings(model),
    spaces: JSON.stringify(spaces.map((space) => space.metadata)),
    ...(model.bank?.texts && { captions: JSON.stringify(model.bank.texts) }),
    ...(own && { vectorWords: JSON.stringify([...own.words()]) }),
  };
  const id = contentId(tensors, metadata);
  await replaceFile(file, encodeTensorFile(tensors, { ...metadata, id }));
  return id;
}

/** Tells a model from every other. It is stored, since to read and hash all of a large file takes longer than a search. */
function contentId(tensors: ReadonlyMap<string, Tensor>, metadata: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256').update(JSON.stringify(metadata));
  for (const [name, { type, shape, data }] of tensors)
    hash
      .update(JSON.stringify([name, type, shape]))
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex').slice(0, 16);
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
  const stored = TensorFile.decode(bytes, file, kind);
  const { model: settings, spaces, captions, vectorWords, id } = stored.read(metadataSchema);
  const { recipe, encoder, vectors, sentences, tags, tagCounts, calibration, combination, trained } =
    settings;
  if (spaces.length !== 1 + settings.joined.length)
    stored.fail(`it has ${spaces.length} spaces for ${1 + settings.joined.length} text encoders`);
  const openVectors = async () =>
    vectors === OWN_VECTORS ? readVectors(stored, vectorWords) : options.wordVectors(vectors);
  const wordVectors = recipe.text.includes('vectors') ? await openVectors() : undefined;
  if (sentences !== undefined && options.sentences === undefined)
    throw new CovistaError('usage', `The model in ${file} needs the sentence encoder ${sentences}.`, {
      hint: 'Give loadModel a function `sentences` that opens it, such as resolveSentenceEncoder.',
    });
  const sentenceEncoder = sentences === undefined ? undefined : await options.sentences!(sentences);
  const member = (json: unknown, i: number): Member => {
    const text = readTextEncoder(stored, json, { wordVectors, sentences: sentenceEncoder });
    const space = readJointSpace(stored.part(spaceName(i), spaces[i]!));
    requireFit(stored, space, encoder.size, text);
    return { text, space };
  };
  const base = {
    recipe: recipe as Recipe,
    encoder,
    ...member(settings.text, 0),
    joined: settings.joined.map((json, i) => member(json, i + 1)),
    vectors,
    sentences,
    tags,
    tagCounts,
    calibration,
    trained,
  };
  const k = embeddingSize(base);
  const model: Model = {
    ...base,
    direct: combination && readDirect(stored, k, tags.length, combination),
    bank:
      recipe.tags.method === 'vote' || stored.has('bank.embeddings')
        ? readBank(stored, k, tags.length, () => readCaptions(stored, captions))
        : undefined,
    queries:
      recipe.hubness !== undefined || stored.has('queries.pictures') ? readQueries(stored, k) : undefined,
  };
  stored.finish();
  // Earlier versions stored none.
  return { model, id: id ?? createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
}

function readCaptions(file: TensorFile, json: string | undefined): readonly string[] | undefined {
  if (json === undefined) return undefined;
  const parsed = captionsSchema.safeParse(json);
  return parsed.success ? parsed.data : file.fail('the captions of its bank cannot be read');
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

function readVectors(file: TensorFile, words: readonly string[] = []): WordVectors {
  const data = file.tensor('vectors', 'F32', [words.length, 'size of a word vector']);
  return wordVectorsOf(OWN_VECTORS, words, matrix(words.length, file.size('size of a word vector'), data));
}

/** What the names of a member's tensors begin with. */
const spaceName = (member: number) => (member === 0 ? 'space.' : `joined.${member}.space.`);
