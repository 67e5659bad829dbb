import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CovistaError } from '../../base/errors.ts';
import { fromFloat16 } from '../../linalg/float16.ts';

/** A TensorFlow.js graph model: TensorFlow's nodes as JSON and their constants. */
export interface TfjsGraph {
  /** Nodes by name, constants left out. */
  readonly nodes: ReadonlyMap<string, TfjsNode>;
  /** Constants by name. */
  readonly constants: ReadonlyMap<string, TfjsConstant>;
}

/** One operation: its TensorFlow name, the names of what it reads, its attributes. */
export type TfjsNode = z.infer<typeof nodeSchema>;

/** A constant, dequantised. */
export interface TfjsConstant {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

const attributeSchema = z.object({
  s: z.string().optional(),
  i: z.string().optional(),
  f: z.number().optional(),
  b: z.boolean().optional(),
  list: z.object({ s: z.array(z.string()).optional(), i: z.array(z.string()).optional() }).optional(),
});

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), attributeSchema).default({}),
});

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.object({ dtype: z.literal('float16') }).optional(),
});

const modelSchema = z.object({
  format: z.literal('graph-model'),
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) })),
});

/**
 * Reads a TensorFlow.js graph model with float32, float16-quantised and int32 weights.
 * Format: https://github.com/tensorflow/tfjs/tree/master/tfjs-converter
 * @param path its .json file; the weight files that this names lie beside it
 * @throws CovistaError `bad-format` when it is not such a model, or its weights do not fit
 */
export async function readTfjsGraph(path: string): Promise<TfjsGraph> {
  let model: z.infer<typeof modelSchema>;
  try {
    model = modelSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new CovistaError('bad-format', `${path} is not a TensorFlow.js graph model that can be read.`, {
      cause,
    });
  }
  const constants = new Map<string, TfjsConstant>();
  for (const group of model.weightsManifest) {
    const files = await Promise.all(group.paths.map((file) => readFile(join(dirname(path), file))));
    const bytes = Buffer.concat(files);
    let offset = 0;
    for (const weight of group.weights) {
      const length = weight.shape.reduce((product, size) => product * size, 1);
      const width = weight.quantization ? 2 : 4;
      if (offset + length * width > bytes.length) {
        throw new CovistaError(
          'bad-format',
          `${path}: ${group.paths.join(', ')} ends before ${weight.name}.`,
        );
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length * width);
      constants.set(weight.name, { shape: weight.shape, values: readValues(view, length, weight) });
      offset += length * width;
    }
    if (offset !== bytes.length) {
      throw new CovistaError(
        'bad-format',
        `${path}: ${group.paths.join(', ')} has more bytes than its weights.`,
      );
    }
  }
  const operations = model.modelTopology.node.filter(({ op }) => op !== 'Const');
  return { nodes: new Map(operations.map((node) => [node.name, node])), constants };
}

function readValues(
  view: DataView,
  length: number,
  { dtype, quantization }: z.infer<typeof weightSchema>,
): Float32Array | Int32Array {
  if (dtype === 'int32') return Int32Array.from({ length }, (_, index) => view.getInt32(index * 4, true));
  if (quantization) {
    return fromFloat16(Uint16Array.from({ length }, (_, index) => view.getUint16(index * 2, true)));
  }
  return Float32Array.from({ length }, (_, index) => view.getFloat32(index * 4, true));
}

/** A text attribute: `padding` is `SAME`. */
export function textAttribute(node: TfjsNode, name: string): string | undefined {
  const value = node.attr[name]?.s;
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

/** A list of texts: `fused_ops` is `['BiasAdd', 'Relu']`. */
export function textListAttribute(node: TfjsNode, name: string): string[] {
  return (node.attr[name]?.list?.s ?? []).map((value) => Buffer.from(value, 'base64').toString('utf8'));
}

/** A list of whole numbers: `strides` is `[1, 2, 2, 1]`. */
export function integerListAttribute(node: TfjsNode, name: string): number[] {
  return (node.attr[name]?.list?.i ?? []).map(Number);
}
