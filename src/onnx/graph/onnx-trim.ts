import { CovistaError } from '../../base/errors.ts';
import { int64Tensor, onnxNode, valueInfo } from './onnx-build.ts';
import { changed, constantValues, type GraphIndex, indexGraph, integer, usedNames } from './onnx-graph.ts';
import {
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  onnxDataType,
} from './onnx-schema.ts';

/** What the features of a trimmed model are called: float32, [n, size]. */
export const featureOutput = 'covista.feature';

/** The picture input of a graph. */
export interface PictureInput {
  readonly name: string;
  /** One of `onnxDataType`. */
  readonly type: number;
  /** Whether it is [n, height, width, 3] rather than [n, 3, height, width]. */
  readonly channelsLast: boolean;
  /** In pixels, where the graph fixes it. */
  readonly height?: number;
  readonly width?: number;
  /** The batch size, where the graph fixes it. */
  readonly batch?: number;
}

/**
 * How a tensor becomes one vector: as it is (rank 2), the average of its maps (rank 4), or its first token (rank 3:
 * the class token of vision transformers).
 */
export type Pooling = 'none' | 'channels-first' | 'channels-last' | 'first-token';

/** A tensor that becomes a part of the feature. */
export interface Tap {
  readonly tensor: string;
  readonly pooling: Pooling;
  /** Length of its vector. */
  readonly size: number;
}

/** How to cut a model. */
export interface TrimPlan {
  readonly input: PictureInput;
  /** What makes up the feature, in this order. */
  readonly taps: readonly Tap[];
  /** Whether to let the number of pictures vary in a graph that fixes it; whether that works has to be tried. */
  readonly freeBatch: boolean;
}

/** The nodes that any of some tensors depends on, in their order. */
export function reachableNodes(graph: OnnxGraph, tensors: readonly string[]): OnnxNode[] {
  const needed = new Set(tensors);
  const kept: OnnxNode[] = [];
  for (const node of (graph.node ?? []).toReversed()) {
    if (!node.output?.some((name) => name !== '' && needed.has(name))) continue;
    for (const name of usedNames(node)) needed.add(name);
    kept.push(node);
  }
  return kept.reverse();
}

/**
 * Cuts a model off behind some tensors, whose vectors side by side become the one output {@link featureOutput},
 * float32 [n, size]. Pooling and conversion become nodes of the graph; nodes, constants and inputs that the feature
 * does not need are left out. The model given is not changed, and the result shares its weights.
 */
export function trimModel(model: OnnxModel, plan: TrimPlan): OnnxModel {
  const graph = model.graph!;
  const index = indexGraph(graph);
  const { taps } = plan;
  const kept = reachableNodes(
    graph,
    taps.map(({ tensor }) => tensor),
  );
  const size = taps.reduce((sum, tap) => sum + tap.size, 0);
  const used = new Set(kept.flatMap(usedNames));
  const freed = plan.freeBatch ? freeBatch(index, kept) : { nodes: kept, shapes: [] };
  const picture = graph.input!.find(({ name }) => name === plan.input.name)!;
  const made = new Set(kept.flatMap(({ output }) => output ?? []));
  return changed(model, {
    graph: changed(graph, {
      node: [...freed.nodes, ...outputNodes(taps)],
      initializer: [
        ...(graph.initializer ?? []).filter(({ name }) => used.has(name ?? '')),
        ...freed.shapes,
        ...(taps.some(({ pooling }) => pooling === 'first-token')
          ? [int64Tensor('covista.first', [], [0])]
          : []),
      ],
      sparseInitializer: (graph.sparseInitializer ?? []).filter(({ values }) => used.has(values?.name ?? '')),
      // Files older than ONNX 1.5 list their constants among the inputs.
      input: [
        plan.freeBatch ? withFreeBatch(picture) : picture,
        ...(graph.input ?? []).filter(({ name }) => index.constants.has(name ?? '') && used.has(name ?? '')),
      ],
      output: [valueInfo(featureOutput, [plan.freeBatch ? 'n' : (plan.input.batch ?? 'n'), size])],
      // Inner shapes may carry a fixed batch size; the runtime infers them again.
      valueInfo: [],
      quantizationAnnotation: (graph.quantizationAnnotation ?? []).filter(({ tensorName }) =>
        made.has(tensorName ?? ''),
      ),
    }),
  });
}

function withFreeBatch(input: OnnxValueInfo): OnnxValueInfo {
  const { elemType, shape } = input.type!.tensorType!;
  const dim = [{ dimParam: 'n' }, ...(shape?.dim ?? []).slice(1)];
  return { ...input, type: { ...input.type, tensorType: { elemType: elemType ?? 1, shape: { dim } } } };
}

/** Every tap as a vector, and all of them side by side, also where there is only one. */
function outputNodes(taps: readonly Tap[]): OnnxNode[] {
  const vectors = taps.map((_, i) => `covista.vector.${i}`);
  return [
    ...taps.flatMap((tap, i) => vectorNodes(tap, i, vectors[i]!)),
    onnxNode('Concat', vectors, [featureOutput], { axis: 1 }),
  ];
}

function vectorNodes({ tensor, pooling }: Tap, i: number, vector: string): OnnxNode[] {
  const [float, maps, pooled] = [`covista.float.${i}`, `covista.maps.${i}`, `covista.pooled.${i}`];
  const cast = (to: string) => onnxNode('Cast', [tensor], [to], { to: onnxDataType.float32 });
  const pool = (from: string) => [
    onnxNode('GlobalAveragePool', [from], [pooled]),
    onnxNode('Flatten', [pooled], [vector], { axis: 1 }),
  ];
  switch (pooling) {
    case 'none':
      return [cast(vector)];
    case 'channels-first':
      return [cast(float), ...pool(float)];
    case 'channels-last':
      return [cast(float), onnxNode('Transpose', [float], [maps], { perm: [0, 3, 1, 2] }), ...pool(maps)];
    case 'first-token':
      return [cast(float), onnxNode('Gather', [float, 'covista.first'], [vector], { axis: 1 })];
  }
}

/** Lets constant Reshapes copy the batch size of what they reshape instead of stating 1. */
function freeBatch(
  index: GraphIndex,
  nodes: readonly OnnxNode[],
): { nodes: OnnxNode[]; shapes: OnnxTensor[] } {
  const shapes: OnnxTensor[] = [];
  const freed = nodes.map((node) => {
    const [data, shapeName] = node.input ?? [];
    if (node.opType !== 'Reshape' || !data || !shapeName || index.constants.has(data)) return node;
    const shape = constantValues(index, shapeName);
    if (!shape || shape.length < 2 || shape[0] !== 1) return node;
    const name = `covista.shape.${shapes.length}`;
    shapes.push(int64Tensor(name, [shape.length], [0, ...shape.slice(1)]));
    return changed(node, { input: [data, name] });
  });
  return { nodes: freed, shapes };
}

/**
 * Makes sure that a tensor can be computed from pictures.
 * @throws CovistaError `usage` when it needs other inputs too, or no pictures
 */
export function requirePicturesAlone(index: GraphIndex, tensor: string, picture: PictureInput): void {
  const used = new Set(reachableNodes(index.graph, [tensor]).flatMap(usedNames));
  const other = index.inputs.find(({ name }) => name !== picture.name && used.has(name ?? ''));
  if (!other && used.has(picture.name)) return;
  const reason = other ? `needs the input ${other.name}` : 'does not depend on the pictures';
  throw new CovistaError('usage', `The layer ${tensor} ${reason}.`, {
    hint: 'Choose a layer that depends on the pictures alone, such as image_embeds.',
  });
}

/**
 * A network that takes float16 pixels with a conversion before it, so that it takes float32 like all others: float16
 * arrays do not reach onnxruntime on every version of Node.js. Other networks are returned as they are.
 */
export function withFloatInput(model: OnnxModel): OnnxModel {
  const graph = model.graph!;
  const half = (info: OnnxValueInfo) =>
    info.type?.tensorType?.elemType === onnxDataType.float16 && info.type.tensorType.shape?.dim?.length === 4;
  const halves = (graph.input ?? []).filter(half);
  if (halves.length === 0) return model;
  const casts = halves.map(({ name = '' }) =>
    onnxNode('Cast', [`covista.${name}`], [name], { to: onnxDataType.float16 }),
  );
  const input = graph.input!.map((info) => {
    if (!half(info)) return info;
    const tensorType = { ...info.type!.tensorType, elemType: onnxDataType.float32 };
    return { name: `covista.${info.name}`, type: { tensorType } };
  });
  return changed(model, { graph: changed(graph, { input, node: [...casts, ...(graph.node ?? [])] }) });
}

/**
 * The picture input of a graph: the one of rank 4 with 3 channels that a tensor depends on.
 * @throws CovistaError `bad-format` when there is none
 */
export function findPictureInput(index: GraphIndex, tensor?: string): PictureInput {
  const used =
    tensor === undefined ? undefined : new Set(reachableNodes(index.graph, [tensor]).flatMap(usedNames));
  const inputs = index.inputs.filter(({ name }) => used?.has(name ?? '') ?? true);
  const described = inputs.map((info) => describeInput(index, info)).filter((input) => input !== undefined);
  const input = described.find(({ name }) => /pixel|image|input|data/i.test(name)) ?? described[0];
  if (input) return input;
  const names = inputs.map(({ name }) => name).join(', ') || 'none';
  throw new CovistaError(
    'bad-format',
    `The model has no picture input [n, 3, height, width]; its inputs: ${names}.`,
  );
}

function describeInput(index: GraphIndex, info: OnnxValueInfo): PictureInput | undefined {
  const name = info.name ?? '';
  const dims = info.type?.tensorType?.shape?.dim;
  if (dims !== undefined && dims.length !== 4) return undefined;
  const sizes = (dims ?? []).map(({ dimValue }) => {
    const size = integer(dimValue ?? 0);
    return size > 0 ? size : undefined;
  });
  const reader = index.graph.node?.find(({ input }) => input?.includes(name));
  const perm = reader?.opType === 'Transpose' && reader.attribute?.[0]?.ints?.map(integer).join();
  const channelsLast = sizes[3] === 3 || (sizes[1] === undefined && perm === '0,3,1,2');
  if (!channelsLast && sizes[1] !== undefined && sizes[1] !== 3) return undefined;
  const [height, width] = channelsLast ? [sizes[1], sizes[2]] : [sizes[2], sizes[3]];
  const input: PictureInput = { name, type: info.type?.tensorType?.elemType ?? 1, channelsLast };
  return {
    ...input,
    ...(height && width ? { height, width } : {}),
    ...(sizes[0] === undefined ? {} : { batch: sizes[0] }),
  };
}
