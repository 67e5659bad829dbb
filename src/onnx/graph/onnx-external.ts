import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import { changed } from './onnx-graph.ts';
import type { OnnxModel, OnnxTensor } from './onnx-schema.ts';

/**
 * The files beside a model that hold its weights.
 * @throws CovistaError `bad-format` when one is named outside the model's folder
 */
export function externalFiles(model: OnnxModel): string[] {
  const tensors = externalTensors(model);
  return [...new Set(tensors.map((tensor) => externalProperty(tensor, 'location') ?? ''))].toSorted();
}

/**
 * Reads the weights that a model keeps in files beside it into the model.
 * @param folder where the model file is
 * @returns a model without external data; other weights are shared, not copied
 * @throws CovistaError `not-found` for a missing file, `bad-format` for a truncated one
 */
export async function inlineExternalData(model: OnnxModel, folder: string): Promise<OnnxModel> {
  const tensors = externalTensors(model);
  if (tensors.length === 0) return model;
  const inlined = new Map<OnnxTensor, OnnxTensor>();
  for (const location of externalFiles(model)) {
    const path = join(folder, location);
    const file = await open(path).catch((cause: unknown) => {
      throw missingWeights(path, cause);
    });
    try {
      const fileSize = (await file.stat()).size;
      for (const tensor of tensors) {
        if (externalProperty(tensor, 'location') !== location) continue;
        const offset = Number(externalProperty(tensor, 'offset') ?? 0);
        const length = Number(externalProperty(tensor, 'length') ?? fileSize - offset);
        if (!(offset >= 0 && length >= 0 && offset + length <= fileSize)) {
          throw new CovistaError(
            'bad-format',
            `${path} has ${fileSize} bytes, but the weights ${tensor.name} end at byte ${offset + length}.`,
            { hint: 'Download the data file again.' },
          );
        }
        const rawData = new Uint8Array(length);
        await file.read(rawData, 0, length, offset);
        const { externalData: _, dataLocation: __, ...rest } = tensor;
        inlined.set(tensor, { ...rest, rawData });
      }
    } finally {
      await file.close();
    }
  }
  const initializer = model.graph?.initializer?.map((tensor) => inlined.get(tensor) ?? tensor) ?? [];
  return changed(model, { graph: changed(model.graph ?? {}, { initializer }) });
}

/**
 * SHA-256 of a model file and of the files of its weights, one after another, in hexadecimal.
 * @throws CovistaError `not-found` when one of them is missing
 */
export async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
        hash.update(chunk as Buffer);
      }
    } catch (cause) {
      throw missingWeights(path, cause);
    }
  }
  return hash.digest('hex');
}

function missingWeights(path: string, cause: unknown): CovistaError {
  return new CovistaError('not-found', `The model keeps weights in ${path}, which cannot be read.`, {
    hint: 'Put the data files that belong to the model into the same folder.',
    cause,
  });
}

function externalTensors(model: OnnxModel): OnnxTensor[] {
  const tensors = (model.graph?.initializer ?? []).filter(({ dataLocation }) => dataLocation === 1);
  for (const tensor of tensors) {
    const location = externalProperty(tensor, 'location');
    if (!location || isAbsolute(location) || normalize(location).startsWith('..')) {
      throw new CovistaError(
        'bad-format',
        `The weights ${tensor.name} are at ${location}, outside the model's folder.`,
      );
    }
  }
  return tensors;
}

function externalProperty(tensor: OnnxTensor, name: string): string | undefined {
  return tensor.externalData?.find(({ key }) => key === name)?.value;
}
