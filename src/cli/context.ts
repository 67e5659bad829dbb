import { existsSync } from 'node:fs';
import { CovistaError } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import type { EncoderOptions } from '../encoders/image/index.ts';
import { defaultWordVectors, openWordVectors } from '../encoders/words/word-vectors.ts';
import { Library } from '../library/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { OWN_VECTORS } from '../model/model.ts';
import { type LoadedModel, loadModel, saveModel } from '../model/model-file.ts';
import { type Recipe, withSentences } from '../model/recipe.ts';
import type { Starter } from '../pipeline/index.ts';
import type { SentenceEncoder, TextBlock, WordVectors } from '../text/index.ts';
import { closeAtEnd } from './opened.ts';

/** What commands that compute pass on. */
type EngineOptions = WorkOptions & { readonly engine: Engine };

/**
 * Opens the model of a library, with the word vectors that it needs. A library that was never fitted gets the starter
 * that comes with Covista for its model.
 * @throws CovistaError `not-found` for a library that was never fitted and whose encoder is not the starter's
 */
export async function openModel(library: Library, work: EngineOptions): Promise<LoadedModel> {
  if (!existsSync(library.modelFile)) return adoptStarter(library, work);
  return loadModel(library.modelFile, {
    wordVectors: (vectors) => openVectors(vectors, work),
    sentences: (name) => openSentences(name, work),
  });
}

/** The starter as it is stored: it was read from such a file, and need not be read again. */
async function adoptStarter(library: Library, work: EngineOptions): Promise<LoadedModel> {
  const { starterMismatch, starterModel } = await import('../learning/starter/starter.ts');
  const starter = (await starterNamed('default', work))!;
  const mismatch = starterMismatch(starter, library.encoder);
  if (mismatch !== undefined)
    throw new CovistaError('not-found', `There is no model in ${library.modelFile} yet, and ${mismatch}.`, {
      hint: 'Learn a model from captions or tags first: covista fit --library <dir>',
    });
  const model = await starterModel(starter, work);
  const id = await saveModel(library.modelFile, model);
  work.onProgress?.({
    stage: 'use the starter',
    done: 1,
    warning: `Nothing was learned from ${library.folder} yet: searching with the starter. covista fit learns from your captions and tags.`,
  });
  return { model, id };
}

/** The starter that `--starter` names: `default`, `none`, or a file. */
export async function starterNamed(name: string, work: WorkOptions): Promise<Starter | undefined> {
  if (name === 'none') return undefined;
  const { loadStarter } = await import('../learning/starter/starter-file.ts');
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

/** What `--text-encoder` and `--text-view` ask for. */
interface TextViewOptions {
  readonly textEncoder?: string | undefined;
  readonly textView?: readonly TextBlock[] | undefined;
}

/**
 * A recipe with the text view that the options ask for.
 * @throws CovistaError `usage` when one of the options needs the other
 */
export function withTextView(recipe: Recipe, { textEncoder, textView }: TextViewOptions): Recipe {
  if (textEncoder !== undefined) {
    if (textView?.includes('sentence') === false)
      throw new CovistaError(
        'usage',
        `--text-view ${textView.join(',')} leaves no place for --text-encoder.`,
        {
          hint: 'Add "sentence" to it.',
        },
      );
    return withSentences(recipe, textView);
  }
  if (textView?.includes('sentence'))
    throw new CovistaError('usage', 'The text view "sentence" needs a sentence encoder.', {
      hint: 'Name one: --text-encoder minilm. covista models lists them.',
    });
  return textView === undefined ? recipe : { ...recipe, text: textView, blockWeights: undefined };
}

/** The sentence encoder that `--text-encoder` names, as training takes it. */
export async function sentencesFor({ textEncoder }: TextViewOptions, work: WorkOptions) {
  if (textEncoder === undefined) return {};
  return { sentences: await openSentences(textEncoder, work), sentencesName: textEncoder };
}

async function openSentences(name: string, work: WorkOptions): Promise<SentenceEncoder> {
  const { resolveSentenceEncoder } = await import('../encoders/sentence/resolve-sentence-encoder.ts');
  return closeAtEnd(await resolveSentenceEncoder(name, work));
}

/** Opened once for a recipe, its starter and its model, which then share the vectors that were read. */
let defaultVectors: Promise<WordVectors> | undefined;

/** `default`, or a file in any format of word vectors. */
function openVectors(vectors: string, work: WorkOptions): Promise<WordVectors> {
  if (vectors !== 'default') return openWordVectors(vectors, work);
  defaultVectors ??= defaultWordVectors(work).catch((error) => {
    defaultVectors = undefined;
    throw error;
  });
  return defaultVectors;
}

/** Runs with the encoder that a library was made with, and closes it afterwards. */
export async function withEncoder<T>(
  spec: string | undefined,
  work: EncoderOptions,
  use: (encoder: ImageEncoder) => Promise<T>,
): Promise<T> {
  const { resolveEncoder } = await import('../encoders/image/resolve-encoder.ts');
  const encoder = await resolveEncoder(spec, work);
  try {
    return await use(encoder);
  } finally {
    await encoder.close();
  }
}

/** Fewer pictures are encoded sooner than it is measured how to encode them. */
const MEASURE_FROM = 500;

/**
 * Runs with the library in a folder, made now when there is none, and with the encoder of its features.
 * @param name of the encoder; that of the library, or `default`, when left out
 * @param photos folder of the pictures to encode: where they are many, the fastest way to run the encoder is measured
 */
export async function withLibraryAndEncoder<T>(
  folder: string,
  name: string | undefined,
  work: WorkOptions,
  use: (library: Library, encoder: ImageEncoder) => Promise<T>,
  photos: string,
): Promise<T> {
  const { absoluteEncoderName } = await import('../encoders/image/resolve-encoder.ts');
  const { listPictures } = await import('../datasets/photos/photo-folder.ts');
  const existing = await Library.openIfPresent(folder);
  const spec = absoluteEncoderName(name ?? existing?.encoder.spec ?? 'default');
  const many = (await listPictures(photos, { signal: work.signal })).pictures.length >= MEASURE_FROM;
  return withEncoder(spec, { ...work, measure: many ? 'once' : undefined }, async (encoder) => {
    const { id, size, blocks } = encoder;
    const library = existing ?? (await Library.openOrCreate(folder, { spec, id, size, blocks }));
    try {
      return await use(library, encoder);
    } finally {
      await library.closeOrDiscard();
    }
  });
}
