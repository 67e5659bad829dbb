import { dirname } from 'node:path';
import { findFeaturePoint, type OwnRange, ownNormalization } from './onnx-classifier.ts';
import { inlineExternalData } from './onnx-external.ts';
import { indexGraph, integer, shapeOf } from './onnx-graph.ts';
import { readOnnxModel } from './onnx-model.ts';
import { probeModel } from './onnx-probe.ts';
import type { OnnxModel } from './onnx-schema.ts';
import { findPictureInput, type PictureInput, withFloatInput } from './onnx-trim.ts';

/** A tensor of a network that could serve as the feature. */
export interface LayerInfo {
  readonly name: string;
  /** The operator that makes it: `Relu`. */
  readonly operator: string;
  /** Its shape for one picture, [1, size] or [1, channels, height, width]. */
  readonly shape: readonly number[];
}

/** What an ONNX file holds, as far as features are concerned. */
export interface ModelInfo {
  readonly path: string;
  /** What exported the file. */
  readonly producer: string;
  /** Version of the ONNX operators. */
  readonly opset: number;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[];
  /** The input that takes the pictures. */
  readonly input: PictureInput;
  /** The pixel values that a graph which normalises by itself wants: 0..255 or 0..1. */
  readonly ownRange: OwnRange | undefined;
  /** The tensor before the last fully connected layer, if there is such a layer. */
  readonly feature: string | undefined;
  /** Every tensor that depends on the pictures and has 2 to 4 dimensions, in the order of computation. */
  readonly layers: readonly LayerInfo[];
}

/**
 * Lists a network's inputs and the tensors that could serve as features, by running it on one black picture.
 * @param path an .onnx file
 * @param imageSize side of the picture in pixels where the graph leaves it open
 * @throws CovistaError `not-found`, `bad-format`
 */
export async function inspectModel(path: string, imageSize = 224): Promise<ModelInfo> {
  const original = await readOnnxModel(path);
  const model = withFloatInput(await inlineExternalData(original, dirname(path)));
  const index = indexGraph(model.graph!);
  const point = findFeaturePoint(index);
  const input = findPictureInput(index, point?.tensor);
  const dependent = new Set([input.name]);
  const operators = new Map<string, string>();
  const foreign = new Set(index.inputs.map(({ name }) => name ?? '').filter((name) => name !== input.name));
  for (const node of model.graph!.node ?? []) {
    const names = node.input ?? [];
    const main = node.output?.[0];
    if (!main) continue;
    if (names.some((name) => foreign.has(name))) foreign.add(main);
    else if (names.some((name) => dependent.has(name))) {
      dependent.add(main);
      operators.set(main, node.opType ?? '');
    }
  }
  const results = await probeModel(model, input, [...operators.keys()], { path, imageSize });
  const layers = [...operators].flatMap(([name, operator]) => {
    const tensor = results.get(name);
    if (!tensor || !/^float/.test(tensor.type) || tensor.dims.length < 2 || tensor.dims.length > 4) return [];
    return [{ name, operator, shape: tensor.dims }];
  });
  return {
    path,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    opset: opsetOf(model),
    inputs: indexGraph(original.graph!).inputs.map((info) => ({
      name: info.name ?? '',
      shape: shapeOf(info) ?? [],
    })),
    input,
    ownRange: ownNormalization(index, input.name),
    feature: point?.tensor,
    layers,
  };
}

/** The version of the standard operators that a model uses. */
function opsetOf(model: OnnxModel): number {
  return integer(model.opsetImport?.find(({ domain }) => !domain || domain === 'ai.onnx')?.version);
}
