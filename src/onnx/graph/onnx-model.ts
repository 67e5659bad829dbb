import { open, stat, writeFile } from 'node:fs/promises';
import protobuf from 'protobufjs';
import { CovistaError } from '../../base/errors.ts';
import { publish } from '../../files/publish.ts';
import { fileError, isMissing } from '../../files/system-error.ts';
import { modelType, type OnnxModel } from './onnx-schema.ts';

/** Protocol buffers end at 2 GiB; larger models keep their weights in external data files. */
const largestModel = 2 ** 31 - 1;

/**
 * Reads an ONNX model file. Weights are views of the file's bytes, not copies; weights in external data files stay
 * there.
 * @param path an .onnx file under 2 GiB
 * @throws CovistaError `not-found` when there is no such file, `bad-format` when it is not an ONNX model
 */
export async function readOnnxModel(path: string): Promise<OnnxModel> {
  const info = await stat(path).catch((cause: unknown) => {
    if (!isMissing(cause)) throw fileError(path, cause);
    throw new CovistaError('not-found', `There is no model file ${path}.`, { cause });
  });
  if (!info.isFile()) throw new CovistaError('not-found', `${path} is not a file.`);
  if (info.size > largestModel) {
    throw new CovistaError('bad-format', `${path} has ${info.size} bytes; an ONNX file ends at 2 GiB.`, {
      hint: 'Save the model with external data (onnx.save_model(..., save_as_external_data=True)).',
    });
  }
  const bytes = new Uint8Array(info.size);
  const file = await open(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, Math.min(bytes.length - filled, 2 ** 30));
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return decodeOnnxModel(bytes.subarray(0, filled), path);
  } finally {
    await file.close();
  }
}

/**
 * Parses the bytes of an ONNX model. Weights are views of `bytes`; fields that the schema leaves out are kept and
 * written back.
 * @param bytes the content of an .onnx file
 * @param name what to call it in an error
 * @throws CovistaError `bad-format` when the bytes are not a complete ONNX model with a graph
 */
export function decodeOnnxModel(bytes: Uint8Array, name = 'the model'): OnnxModel {
  let model: OnnxModel;
  try {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = false;
    model = modelType.decode(reader) as OnnxModel;
  } catch (cause) {
    throw new CovistaError('bad-format', `${name} is not an ONNX model, or it is truncated.`, {
      hint: 'Download or export it again; Git LFS pointers and web pages are common causes.',
      cause,
    });
  }
  if (!model.graph?.node?.length || !model.graph.output?.length) {
    throw new CovistaError('bad-format', `${name} is not an ONNX model: it has no graph.`, {
      hint: 'An ONNX model file usually ends in .onnx; other formats have to be exported to it first.',
    });
  }
  return model;
}

/**
 * The bytes of a model, to be given to onnxruntime or saved.
 * @throws CovistaError `bad-values` when it would exceed the 2 GiB of a protocol buffer
 */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  const writer = modelType.encode(model);
  if (writer.len > largestModel) {
    throw new CovistaError(
      'bad-values',
      `The model would have ${writer.len} bytes; an ONNX file ends at 2 GiB.`,
      {
        hint: 'Keep its weights in external data files, or store them as float16.',
      },
    );
  }
  return writer.finish();
}

/**
 * Writes a model to a file that is either absent or complete: it is renamed into place.
 * @param path where to; missing folders are made
 */
export async function writeOnnxModel(path: string, model: OnnxModel): Promise<void> {
  const bytes = encodeOnnxModel(model);
  await publish(path, (partial) => writeFile(partial, bytes));
}
