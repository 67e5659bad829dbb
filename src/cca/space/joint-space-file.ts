import { z } from 'zod';
import { jsonText, wholeText } from '../../linalg/metadata-text.ts';
import type { Tensor } from '../../linalg/safetensors.ts';
import { between, descending } from '../../linalg/tensor-checks.ts';
import { encodeTensorFile, TensorFile, type TensorFileKind } from '../../linalg/tensor-file.ts';
import type { JointSpace, ViewDiagnostics, ViewProjection } from './joint-space.ts';

const kind: TensorFileKind = {
  entry: ['format', 'covista-joint-space'],
  what: 'a joint space',
  version: 1,
  hint: 'Fit the collection again, or update Covista.',
};

const diagnosticsSchema = z.object({
  rank: z.number().int().nonnegative(),
  dropped: z.array(z.number().int().nonnegative()),
  condition: z.number().positive(),
});

const metadataSchema = z.object({
  count: wholeText,
  blocks: jsonText(z.array(z.array(z.number().int().nonnegative()))),
  diagnostics: jsonText(z.array(diagnosticsSchema.nullable())).optional(),
});

/** Rounding may take a correlation of 1 a little above it. */
const ROUNDING = 1e-6;

/**
 * A joint space as a safetensors file: tensors `correlations`, `view.<i>.mean` and `view.<i>.weights` in
 * float64, and its format, version, count, block sizes and the views' diagnostics as metadata.
 */
export function saveJointSpace(space: JointSpace): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = describeJointSpace(space);
  return encodeTensorFile(tensors, metadata);
}

/** What {@link saveJointSpace} writes, to be part of another file. */
export function describeJointSpace(space: JointSpace): {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
} {
  const tensors = new Map<string, Tensor>();
  const k = space.correlations.length;
  tensors.set('correlations', { type: 'F64', shape: [k], data: space.correlations });
  for (const [i, { mean, weights }] of space.views.entries()) {
    tensors.set(`view.${i}.mean`, { type: 'F64', shape: [mean.length], data: mean });
    tensors.set(`view.${i}.weights`, { type: 'F64', shape: [mean.length, k], data: weights.data });
  }
  const [format, value] = kind.entry;
  return {
    tensors,
    metadata: {
      [format]: value,
      version: String(kind.version),
      count: String(space.count),
      blocks: JSON.stringify(space.views.map((view) => view.blocks)),
      ...(space.views.some(({ diagnostics }) => diagnostics !== undefined) && {
        diagnostics: JSON.stringify(space.views.map(({ diagnostics }) => describeDiagnostics(diagnostics))),
      }),
    },
  };
}

/**
 * Reads what {@link saveJointSpace} wrote.
 * @param name what the bytes are, for messages: a file name
 * @throws CovistaError `bad-format` for anything else and for what was damaged, `version` for a file of a later version
 */
export function loadJointSpace(bytes: Uint8Array, name = 'joint space'): JointSpace {
  const file = TensorFile.decode(bytes, name, kind);
  const space = readJointSpace(file);
  file.finish();
  return space;
}

/**
 * Reads what {@link describeJointSpace} gave, from a file or a part of one.
 * @throws CovistaError as {@link loadJointSpace}
 */
export function readJointSpace(file: TensorFile): JointSpace {
  file.requireKind(kind);
  const { count, blocks, diagnostics } = file.read(metadataSchema);
  // Those of three and more views are in the order of eigenvalues.
  const order = blocks.length === 2 ? [descending] : [];
  const correlations = file.tensor('correlations', 'F64', ['k'], between(-1, 1, ROUNDING), ...order);
  const columns = correlations.length;
  const views = blocks.map((sizes, i): ViewProjection => {
    const rows = sizes.reduce((sum, size) => sum + size, 0);
    return {
      blocks: sizes,
      mean: file.tensor(`view.${i}.mean`, 'F64', [rows]),
      weights: { rows, columns, data: file.tensor(`view.${i}.weights`, 'F64', [rows, 'k']) },
      ...readDiagnostics(diagnostics?.[i]),
    };
  });
  return { count, correlations, views };
}

function describeDiagnostics(
  diagnostics: ViewDiagnostics | undefined,
): z.infer<typeof diagnosticsSchema> | null {
  return diagnostics === undefined ? null : { ...diagnostics, dropped: [...diagnostics.dropped] };
}

function readDiagnostics(stored: z.infer<typeof diagnosticsSchema> | null | undefined) {
  return stored ? { diagnostics: { ...stored, dropped: Uint32Array.from(stored.dropped) } } : {};
}
