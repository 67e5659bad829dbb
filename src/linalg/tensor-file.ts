import { z } from 'zod';
import { CovistaError } from '../base/errors.ts';
import { METADATA, tensorChecksums } from './checksum.ts';
import { fromFloat16 } from './float16.ts';
import { HalfMatrix } from './half-matrix.ts';
import { jsonText } from './metadata-text.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.ts';
import { ascendingRows, below, offsetsTo, type TensorCheck } from './tensor-checks.ts';

/** A size that is known, or the name of one: all tensors that use a name have to agree on its size. */
export type Size = number | string;

/** What a file says that it is. */
export interface TensorFileKind {
  /** The entry of the metadata that says it, and what it has to say. */
  readonly entry: readonly [key: string, value: string];
  /** In words, for messages: `a Covista model`. */
  readonly what: string;
  /** The version of the layout, which is an entry of its own. */
  readonly version: number;
  /** What to do about a file of another version. */
  readonly hint: string;
}

type Data<T extends Tensor['type']> = Extract<Tensor, { readonly type: T }>['data'];

const CHECKSUMS = 'checksums';

const checksumsSchema = z.object({ [CHECKSUMS]: jsonText(z.record(z.string(), z.string())) });

const damaged = 'The file is damaged or was changed. Copy it again, or make it again.';

/**
 * Encodes tensors as a safetensors file whose metadata hold checksums of all of it, which {@link TensorFile.decode}
 * compares: in the entry `checksums`, as JSON, the CRC-32 of each tensor and, as `__metadata__`, of the other entries.
 * @throws CovistaError `bad-values` when a tensor's data does not fit its shape, or holds what is not finite, such as
 *   numbers above 65504 in half precision
 */
export function encodeTensorFile(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  for (const [name, { type, data }] of tensors) {
    const wrong =
      type === 'F16'
        ? areFinite(data)
          ? undefined
          : finite(fromFloat16(data))
        : type === 'F32' || type === 'F64'
          ? finite(data)
          : undefined;
    if (wrong !== undefined)
      throw new CovistaError('bad-values', `Tensor ${name} cannot be kept: it ${wrong}.`);
  }
  return encodeSafetensors(tensors, {
    ...metadata,
    checksums: JSON.stringify(tensorChecksums(tensors, metadata)),
  });
}

/**
 * The one reader of files of tensors: a caller says of each tensor what its type and shape are and what holds of its
 * numbers, and gets it, or an error that names the file and the tensor. What nobody asked for is an error too.
 */
export class TensorFile {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #prefix: string;
  readonly #unread: Set<string>;
  readonly #sizes = new Map<string, number>();
  #verified = false;
  /** Entries of the metadata that say what the file is. */
  readonly #known = new Set([CHECKSUMS]);

  /**
   * @param tensors by name
   * @param name what they were read from, for messages: a file name
   */
  constructor(
    tensors: ReadonlyMap<string, Tensor>,
    metadata: Readonly<Record<string, string>> = {},
    name = 'these tensors',
    within: { readonly prefix: string; readonly unread: Set<string> } = {
      prefix: '',
      unread: new Set(tensors.keys()),
    },
  ) {
    this.name = name;
    this.metadata = metadata;
    this.#tensors = tensors;
    this.#prefix = within.prefix;
    this.#unread = within.unread;
  }

  /**
   * Decodes a file and compares its checksums where it has them, as files of {@link encodeTensorFile} do.
   * @param name what the bytes are, for messages: a file name
   * @throws CovistaError `bad-format` as {@link decodeSafetensors}, for another kind of file and for one whose content
   *   is not what was written; `version` for a file of another version
   */
  static decode(bytes: Uint8Array, name: string, kind?: TensorFileKind): TensorFile {
    const { tensors, metadata } = decodeSafetensors(bytes, name);
    const file = new TensorFile(tensors, metadata, name);
    if (kind !== undefined) file.requireKind(kind);
    if (metadata.checksums !== undefined) file.#compareChecksums();
    return file;
  }

  /**
   * Whether checksums told that all is what was written, so that what is costly to look at, and was looked at when it was
   * written, may be left for when it is used.
   */
  get verified(): boolean {
    return this.#verified;
  }

  /** @throws CovistaError `bad-format` for another kind of file, `version` for one of another version */
  requireKind({ entry: [key, value], what, version, hint }: TensorFileKind): void {
    this.#known.add(key).add('version');
    const said = this.metadata[key];
    if (said !== value)
      throw new CovistaError(
        'bad-format',
        `${this.name} is not ${what}${said === undefined ? '' : `, but says that it is "${said}"`}.`,
      );
    if (this.metadata.version !== String(version))
      throw new CovistaError(
        'version',
        `${this.name} has version ${this.metadata.version}; this Covista reads version ${version}.`,
        { hint },
      );
  }

  /** The tensors whose names begin with `prefix`, with metadata and named sizes of their own. */
  part(prefix: string, metadata: Readonly<Record<string, string>>): TensorFile {
    const within = { prefix: this.#prefix + prefix, unread: this.#unread };
    const part = new TensorFile(this.#tensors, metadata, this.name, within);
    part.#verified = this.#verified;
    return part;
  }

  /**
   * The metadata as a schema reads them. An entry that the schema does not know is an error too: its name may be damaged.
   * @throws CovistaError `bad-format` naming the entry that does not fit
   */
  read<T extends z.ZodObject>(schema: T): z.output<T> {
    for (const entry of Object.keys(this.metadata))
      if (!Object.hasOwn(schema.shape, entry) && !this.#known.has(entry))
        this.fail(`its metadata have an entry ${JSON.stringify(entry)}, which does not belong there`);
    const parsed = schema.safeParse(this.metadata);
    if (parsed.success) return parsed.data;
    throw new CovistaError(
      'bad-format',
      `${this.name}: its metadata cannot be read: ${z.prettifyError(parsed.error)}.`,
      { hint: damaged, cause: parsed.error },
    );
  }

  /** Whether there is a tensor of this name. */
  has(key: string): boolean {
    return this.#tensors.has(this.#prefix + key);
  }

  /** The size that a name stands for, once a tensor was read that has it. */
  size(name: string): number {
    return this.#sizes.get(name)!;
  }

  /**
   * A tensor's numbers, all of which are finite; not copied.
   * @param shape its sizes, or their names
   * @throws CovistaError `bad-format` when it is missing, has another type or shape, or fails a check
   */
  tensor<T extends Exclude<Tensor['type'], 'F16'>>(
    key: string,
    type: T,
    shape: readonly Size[],
    ...checks: readonly TensorCheck[]
  ): Data<T> {
    const data = this.#shaped(key, type, shape);
    this.#check(
      key,
      data as ArrayLike<number>,
      type === 'F32' || type === 'F64' ? [finite, ...checks] : checks,
    );
    return data;
  }

  /** As {@link TensorFile.tensor}, of a tensor in half precision: a copy in single precision. */
  halves(key: string, shape: readonly Size[], ...checks: readonly TensorCheck[]): Float32Array {
    const values = fromFloat16(this.#shaped(key, 'F16', shape));
    this.#check(key, values, [finite, ...checks]);
    return values;
  }

  /**
   * As {@link TensorFile.halves}, of a tensor of two dimensions, whose numbers are made when they are first read. Where the
   * file is {@link verified}, they are only looked at for being finite.
   */
  matrix(key: string, shape: readonly [Size, Size], ...checks: readonly TensorCheck[]): HalfMatrix {
    const bits = this.#shaped(key, 'F16', shape);
    const [rows, columns] = shape.map((size) => (typeof size === 'number' ? size : this.size(size)));
    const matrix = new HalfMatrix(rows!, columns!, bits);
    if (!this.verified || !areFinite(bits)) this.#check(key, matrix.data, [finite, ...checks]);
    return matrix;
  }

  /** Counts the tensors whose names begin with `prefix` as read, for they are read later. */
  leave(prefix: string): void {
    for (const name of this.#unread) if (name.startsWith(this.#prefix + prefix)) this.#unread.delete(name);
  }

  /**
   * Rows of positions in a list: row i is `indices[offsets[i] .. offsets[i + 1]]`.
   * @param rows how many there are; any number when undefined
   * @param bound the length of the list
   * @param sorted whether positions ascend within a row; true when left out
   */
  indexRows(
    offsetsKey: string,
    indicesKey: string,
    rows: number | undefined,
    bound: number,
    sorted = true,
  ): { offsets: Uint32Array; indices: Uint32Array } {
    const indices = this.tensor(indicesKey, 'U32', [`length of ${indicesKey}`], below(bound));
    const length = rows === undefined ? `length of ${offsetsKey}` : rows + 1;
    const offsets = this.tensor(offsetsKey, 'U32', [length], offsetsTo(indices.length));
    if (sorted) this.#check(indicesKey, indices, [ascendingRows(offsets)]);
    return { offsets, indices };
  }

  /** @throws CovistaError `bad-format` when there are tensors that were not read */
  finish(): void {
    const [unknown] = this.#unread;
    if (unknown !== undefined) this.fail(`tensor ${unknown} does not belong there`);
  }

  /** Says why the file cannot be used. */
  fail(why: string): never {
    throw new CovistaError('bad-format', `${this.name}: ${why}.`, { hint: damaged });
  }

  #compareChecksums(): void {
    const { checksums, ...others } = this.metadata;
    const { checksums: written } = this.part('', { checksums: checksums! }).read(checksumsSchema);
    const found = tensorChecksums(this.#tensors, others);
    for (const name of new Set([...Object.keys(written), ...Object.keys(found)]))
      if (written[name] !== found[name])
        this.fail(
          `${name === METADATA ? 'its metadata are' : `tensor ${name} is`} not what was written: the checksum differs`,
        );
    this.#verified = true;
  }

  #shaped<T extends Tensor['type']>(key: string, type: T, shape: readonly Size[]): Data<T> {
    const name = this.#prefix + key;
    const tensor = this.#tensors.get(name);
    this.#unread.delete(name);
    if (tensor === undefined) return this.fail(`tensor ${name} is missing`);
    if (tensor.type !== type) return this.fail(`tensor ${name} is of type ${tensor.type}, not ${type}`);
    const fits =
      tensor.shape.length === shape.length && shape.every((size, i) => this.#agrees(size, tensor.shape[i]!));
    if (!fits)
      return this.fail(`tensor ${name} has shape [${tensor.shape}], not [${this.#described(shape)}]`);
    return tensor.data as Data<T>;
  }

  #agrees(size: Size, found: number): boolean {
    const wanted = typeof size === 'number' ? size : this.#sizes.get(size);
    if (wanted !== undefined) return wanted === found;
    this.#sizes.set(size as string, found);
    return true;
  }

  #described(shape: readonly Size[]): string {
    return shape
      .map((size) =>
        typeof size === 'number' || !this.#sizes.has(size)
          ? String(size)
          : `${size} = ${this.#sizes.get(size)}`,
      )
      .join(', ');
  }

  #check(key: string, values: ArrayLike<number>, checks: readonly TensorCheck[]): void {
    for (const check of checks) {
      const wrong = check(values);
      if (wrong !== undefined) this.fail(`tensor ${this.#prefix}${key} ${wrong}`);
    }
  }
}

const finite: TensorCheck = (values) => {
  // A sum tells sooner that all are, as only finite numbers leave 0 when they are taken from themselves.
  let rest = 0;
  for (let i = 0; i < values.length; i++) rest += values[i]! - values[i]!;
  if (rest === 0) return undefined;
  const position = Array.prototype.findIndex.call(values, (value) => !Number.isFinite(value));
  return `holds ${values[position]} at position ${position}`;
};

/** Whether half-precision bits stand for finite numbers, whose exponents are not all ones. */
function areFinite(bits: Uint16Array): boolean {
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7c00) === 0x7c00) return false;
  return true;
}
