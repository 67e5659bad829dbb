import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodeOnnxModel,
  encodeOnnxModel,
  float,
  float16Tensor,
  float32Tensor,
  onnxDataType,
  onnxModel,
  onnxNode,
  readOnnxModel,
  valueInfo,
  writeOnnxModel,
} from '../../../src/encoders/index.ts';
import { hasShared, SHARED } from '../../shared.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-onnx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const scaling = () =>
  onnxModel({
    node: [
      onnxNode('Mul', ['x', 'factor'], ['scaled']),
      onnxNode('LeakyRelu', ['scaled'], ['y'], { alpha: float(1) }),
    ],
    initializer: [float32Tensor('factor', [2], Float32Array.of(2, -3))],
    input: [valueInfo('x', ['n', 2])],
    output: [valueInfo('y', ['n', 2])],
  });

describe('ONNX models', () => {
  test('a built model runs', async () => {
    const session = await InferenceSession.create(encodeOnnxModel(scaling()));
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]) });
    expect([...(y!.data as Float32Array)]).toEqual([2, -6, 6, -12]);
    await session.release();
  });

  test('a float16 constant holds the nearest half-precision numbers', async () => {
    const model = onnxModel({
      node: [onnxNode('Cast', ['half'], ['y'], { to: onnxDataType.float32 })],
      initializer: [float16Tensor('half', [4], Float32Array.of(1 / 3, -65504, 1e-7, 1e9))],
      input: [],
      output: [valueInfo('y', [4])],
    });
    const session = await InferenceSession.create(encodeOnnxModel(model));
    const { y } = await session.run({});
    expect([...(y!.data as Float32Array)]).toEqual([0.333251953125, -65504, 1.1920928955078125e-7, Infinity]);
    await session.release();
  });

  test('weights that were read are views of the file, not copies', () => {
    const bytes = encodeOnnxModel(scaling());
    const model = decodeOnnxModel(bytes);
    expect(model.graph!.initializer![0]!.rawData!.buffer).toBe(bytes.buffer);
  });

  test('fields that are not known survive reading and writing', () => {
    // ModelProto.doc_string (6) and model_version (5), which the reader has no use for.
    const extra = protobuf.Writer.create().uint32(50).string('kept').uint32(40).int64(77).finish();
    const bytes = Buffer.concat([encodeOnnxModel(scaling()), extra]);
    const written = encodeOnnxModel(decodeOnnxModel(bytes));
    expect(Buffer.from(written).includes(Buffer.from(extra))).toBe(true);
  });

  test('large integers keep all their bits', () => {
    const model = scaling();
    const largest = {
      name: 'ends',
      type: 7,
      ints: [{ low: -1, high: 0x7fffffff, unsigned: false, toNumber: () => 2 ** 63 }],
    };
    model.graph!.node![0]!.attribute = [largest];
    const read = decodeOnnxModel(encodeOnnxModel(decodeOnnxModel(encodeOnnxModel(model))));
    expect(String(read.graph!.node![0]!.attribute![0]!.ints![0])).toBe('9223372036854775807');
  });

  test('a file is complete or absent', async () => {
    const path = join(folder, 'deep', 'model.onnx');
    await writeOnnxModel(path, scaling());
    expect(encodeOnnxModel(await readOnnxModel(path))).toEqual(encodeOnnxModel(scaling()));
  });

  test.each([
    ['text', '<!doctype html><title>Not found</title>'],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:722c\nsize 553437752\n'],
    ['nothing', ''],
    ['noise', Buffer.from(Uint8Array.from({ length: 999 }, (_, i) => (i * 73 + 11) & 255))],
  ])('%s is not an ONNX model', async (_, content) => {
    const path = join(folder, 'hostile.onnx');
    await writeFile(path, content);
    await expect(readOnnxModel(path)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining(path),
    });
  });

  test('a truncated model never passes for a whole one', () => {
    const bytes = encodeOnnxModel(scaling());
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        try {
          const model = decodeOnnxModel(bytes.slice(0, length), 'cut');
          // What follows the graph is the list of operator sets; without it a model may still be read.
          expect(model.graph!.node).toHaveLength(2);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-format' });
        }
      }),
    );
  });

  test('a missing file is named', async () => {
    const path = join(folder, 'missing.onnx');
    await expect(readOnnxModel(path)).rejects.toMatchObject({ code: 'not-found', message: /missing\.onnx/ });
    await expect(readOnnxModel(folder)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.skipIf(!hasShared)('a published model is the same after reading and writing', async () => {
    const path = join(SHARED, 'models/mobilenet_v2_imagenet.onnx');
    const model = decodeOnnxModel(await readFile(path));
    const again = decodeOnnxModel(encodeOnnxModel(model));
    const unequal = model.graph!.initializer!.filter(
      ({ rawData }, i) => Buffer.compare(rawData!, again.graph!.initializer![i]!.rawData!) !== 0,
    );
    expect(unequal).toEqual([]);
    expect(again.graph!.node).toEqual(model.graph!.node);
  });
});
