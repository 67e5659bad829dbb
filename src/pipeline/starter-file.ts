import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compactMoments, expandMoments } from '../cca/compact-moments.ts';
import type { JointSpace } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  fromFloat16,
  type Tensor,
  toFloat16,
} from '../linalg/index.ts';
import { matrix } from '../linalg/matrix.ts';
import { replaceFile } from '../replace-file.ts';
import { fileError, isMissing } from '../system-error.ts';
import { TextEncoder, type WordVectors } from '../text/index.ts';
import { modelSettings, modelSettingsSchema } from './model-file.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';

/** The version of the file's layout. */
const VERSION = 1;

/** The starter that comes with Covista; docs/model-card.md describes it. */
export const BUILT_IN_STARTER = fileURLToPath(
  new URL('../../assets/starter/photos-en.safetensors', import.meta.url),
);

/**
 * Writes a starter as one safetensors file: moments as `compactMoments` gives them, projections in half precision for
 * columns of unit variance, captions as positions in the list of words, and everything else as JSON in the metadata.
 */
export async function saveStarter(
  file: string,
  { model, moments, captions, pictures }: Starter,
): Promise<void> {
  const tensors = compactMoments(moments);
  const { correlations, views } = model.space;
  tensors.set('space.correlations', { type: 'F64', shape: [correlations.length], data: correlations });
  const scales = viewDeviations(tensors, model.space);
  for (const [view, { weights }] of views.entries())
    tensors.set(`space.${view}`, {
      type: 'F16',
      shape: [weights.rows, weights.columns],
      data: toFloat16(
        weights.data.map((value, i) => value * scales[view]![Math.floor(i / weights.columns)]!),
      ),
    });
  const position = new Map(model.text.toJSON().words.map((word, i) => [word, i]));
  const words = captions.map((caption) => caption.split(' ').flatMap((word) => position.get(word) ?? []));
  const offsets = new Uint32Array(words.length + 1);
  words.forEach((some, i) => {
    offsets[i + 1] = offsets[i]! + some.length;
  });
  tensors.set('captions.offsets', { type: 'U32', shape: [offsets.length], data: offsets });
  tensors.set('captions.words', {
    type: 'U32',
    shape: [offsets.at(-1)!],
    data: Uint32Array.from(words.flat()),
  });
  tensors.set('pictures', {
    type: 'F16',
    shape: [pictures.rows, pictures.columns],
    data: toFloat16(pictures.data),
  });
  const bytes = encodeSafetensors(tensors, {
    covista: 'starter',
    version: String(VERSION),
    model: modelSettings(model),
    count: String(moments.count),
    blocks: JSON.stringify(views.map((view) => view.blocks)),
  });
  await replaceFile(file, bytes);
}

/**
 * Reads a starter.
 * @param file the built-in one when left out
 * @param options `wordVectors`: opens the word vectors, with what was stored as `vectors`
 * @throws CovistaError `not-found` without the file, `version` when another version wrote it, `bad-format` when it
 * is damaged
 */
export async function loadStarter(
  file: string | undefined,
  options: { readonly wordVectors: (vectors: string) => Promise<WordVectors> },
): Promise<Starter> {
  const path = file ?? BUILT_IN_STARTER;
  const bytes = await readFile(path).catch((cause) => {
    if (!isMissing(cause)) throw fileError(path, cause);
    throw new CovistaError('not-found', `There is no starter in ${path}.`, {
      cause,
      hint: 'Make one with: covista fit --save-starter <file>, or do without: --starter none',
    });
  });
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fail = (what: string): never => {
    throw new CovistaError('bad-format', `The ${what} of the starter in ${path} cannot be read.`);
  };
  if (metadata.covista !== 'starter')
    throw new CovistaError('bad-format', `${path} is not a Covista starter.`);
  if (metadata.version !== String(VERSION))
    throw new CovistaError(
      'version',
      `${path} has version ${metadata.version}; this Covista reads version ${VERSION}.`,
    );
  const settings = modelSettingsSchema.safeParse(JSON.parse(metadata.model ?? 'null'));
  if (!settings.success) return fail('settings');
  const { recipe, vectors, calibration } = settings.data;
  const wordVectors = recipe.text.includes('vectors') ? await options.wordVectors(vectors) : undefined;
  const text = TextEncoder.fromJSON(settings.data.text, { wordVectors });
  const moments = expandMoments(tensors, Number(metadata.count), 1 + text.blocks.length, path);
  const offsets = tensors.get('captions.offsets');
  const words = tensors.get('captions.words');
  if (offsets?.type !== 'U32' || words?.type !== 'U32') return fail('captions');
  const pictures = tensors.get('pictures');
  if (pictures?.type !== 'F16') return fail('pictures');
  const vocabulary = text.toJSON().words;
  return {
    name: file ?? 'built in',
    model: {
      ...settings.data,
      recipe: recipe as Recipe,
      text,
      joined: [],
      sentences: undefined,
      space: readSpace(tensors, metadata, () => fail('joint space')),
      calibration,
      bank: undefined,
      queries: undefined,
    },
    moments,
    captions: Array.from({ length: offsets.data.length - 1 }, (_, i) =>
      Array.from(
        words.data.subarray(offsets.data[i]!, offsets.data[i + 1]!),
        (word) => vocabulary[word],
      ).join(' '),
    ),
    pictures: matrix(pictures.shape[0]!, pictures.shape[1]!, fromFloat16(pictures.data)),
  };
}

function readSpace(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  fail: () => never,
): JointSpace {
  const correlations = tensors.get('space.correlations');
  const views = JSON.parse(metadata.blocks ?? '[]') as number[][];
  if (correlations?.type !== 'F64' || views.length !== 2) return fail();
  const k = correlations.data.length;
  let block = 0;
  return {
    count: Number(metadata.count),
    correlations: correlations.data,
    views: views.map((blocks, view) => {
      const stored = tensors.get(`space.${view}`);
      const own = blocks.map(() => block++);
      const mean = Float64Array.from(own.flatMap((i) => [...numbers(tensors, `mean.${i}`, fail)]));
      const deviation = own.flatMap((i) => [...numbers(tensors, `deviation.${i}`, fail)]);
      if (stored?.type !== 'F16' || stored.data.length !== mean.length * k) return fail();
      const data = Float64Array.from(fromFloat16(stored.data), (value, i) => {
        const scale = deviation[Math.floor(i / k)]!;
        return scale > 0 ? value / scale : 0;
      });
      return { blocks, mean, weights: { rows: mean.length, columns: k, data } };
    }),
  };
}

/** The standard deviations of the columns of each view. */
function viewDeviations(tensors: ReadonlyMap<string, Tensor>, space: JointSpace): number[][] {
  let block = 0;
  return space.views.map(({ blocks }) =>
    blocks.flatMap(() => [...(tensors.get(`deviation.${block++}`)!.data as Float32Array)]),
  );
}

function numbers(tensors: ReadonlyMap<string, Tensor>, key: string, fail: () => never): Float32Array {
  const tensor = tensors.get(key);
  return tensor?.type === 'F32' ? tensor.data : fail();
}
