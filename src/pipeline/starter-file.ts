import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compactMoments, expandMoments } from '../cca/compact-moments.ts';
import type { JointSpace } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import {
  encodeTensorFile,
  jsonText,
  type Tensor,
  TensorFile,
  type TensorFileKind,
  toFloat16,
  wholeText,
} from '../linalg/index.ts';
import { between, descending } from '../linalg/tensor-checks.ts';
import { replaceFile } from '../replace-file.ts';
import type { WordVectors } from '../text/index.ts';
import { readTextEncoder, requireFit } from './member-file.ts';
import { modelSettings, modelSettingsSchema } from './model-settings.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';

const kind: TensorFileKind = {
  entry: ['covista', 'starter'],
  what: 'a Covista starter',
  version: 1,
  hint: 'Make it again with covista fit --save-starter <file>, or update Covista.',
};

const blocksSchema = z.array(z.array(z.number().int().nonnegative()).min(1)).length(2);

const metadataSchema = z.object({
  model: jsonText(modelSettingsSchema),
  count: wholeText.refine((count) => count >= 2, 'is of too few pairs'),
  blocks: jsonText(blocksSchema),
});

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
  const [entry, value] = kind.entry;
  const bytes = encodeTensorFile(tensors, {
    [entry]: value,
    version: String(kind.version),
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
    throw new CovistaError('not-found', `There is no starter in ${path}.`, {
      cause,
      hint: 'Make one with: covista fit --save-starter <file>, or do without: --starter none',
    });
  });
  const stored = TensorFile.decode(bytes, path, kind);
  const { model: settings, count, blocks } = stored.read(metadataSchema);
  const { recipe, encoder, vectors, calibration } = settings;
  const wordVectors = recipe.text.includes('vectors') ? await options.wordVectors(vectors) : undefined;
  const text = readTextEncoder(stored, settings.text, { wordVectors });
  const moments = expandMoments(stored, count, blocks.flat().length);
  const space = readSpace(stored, count, blocks);
  requireFit(stored, space, encoder.size, text);
  const vocabulary = text.toJSON().words;
  const captions = stored.indexRows(
    'captions.offsets',
    'captions.words',
    undefined,
    vocabulary.length,
    false,
  );
  const pictures = stored.matrix('pictures', ['pictures', encoder.size]);
  stored.finish();
  return {
    name: file ?? 'built in',
    model: {
      ...settings,
      recipe: recipe as Recipe,
      text,
      joined: [],
      sentences: undefined,
      space,
      calibration,
      bank: undefined,
      queries: undefined,
    },
    moments,
    captions: Array.from({ length: captions.offsets.length - 1 }, (_, i) =>
      Array.from(
        captions.indices.subarray(captions.offsets[i]!, captions.offsets[i + 1]!),
        (word) => vocabulary[word],
      ).join(' '),
    ),
    pictures,
  };
}

/** @param sizes of the blocks of each view, which are those of the moments in order */
function readSpace(file: TensorFile, count: number, sizes: readonly (readonly number[])[]): JointSpace {
  const correlations = file.tensor('space.correlations', 'F64', ['k'], between(-1, 1, 1e-6), descending);
  const k = correlations.length;
  let block = 0;
  return {
    count,
    correlations,
    views: sizes.map((blocks, view) => {
      const own = blocks.map((size) => {
        const name = block++;
        return {
          mean: file.tensor(`mean.${name}`, 'F32', [size]),
          deviation: file.tensor(`deviation.${name}`, 'F32', [size]),
        };
      });
      const mean = Float64Array.from(own.flatMap((one) => [...one.mean]));
      const deviation = own.flatMap((one) => [...one.deviation]);
      const stored = file.halves(`space.${view}`, [mean.length, 'k']);
      const data = new Float64Array(stored.length);
      for (const [row, scale] of deviation.entries())
        if (scale > 0) for (let i = row * k; i < (row + 1) * k; i++) data[i] = stored[i]! / scale;
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
