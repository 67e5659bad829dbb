import fc from 'fast-check';

/** How many damaged files of each kind a test tries; COVISTA_FUZZ asks for more: thousands, and that takes minutes. */
export const DAMAGED_FILES = Number(process.env.COVISTA_FUZZ ?? 150);

/** So that a failure comes back: fast-check names the path to it beside the seed. */
export const SEED = 27;

type Header = Record<string, Record<string, unknown>>;

/** Bytes that were changed, cut off or added somewhere. */
export function damagedBytes(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const flips = fc
    .array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) => {
      const changed = bytes.slice();
      for (const [position, bits] of changes) changed[position]! ^= bits;
      return changed;
    });
  const moved = fc
    .tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 64 }))
    .map(([from, to, length]) => bytes.slice().copyWithin(to, from, from + length));
  const shortened = fc.nat(bytes.length - 1).map((length) => bytes.slice(0, length));
  const extended = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((more) => Uint8Array.from([...bytes, ...more]));
  return fc.oneof({ weight: 4, arbitrary: flips }, moved, shortened, extended);
}

/** What people and programs that mean harm write into a header. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    -1,
    0,
    1,
    2 ** 31,
    2 ** 53,
    1e308,
    0.5,
    null,
    true,
    '',
    'NaN',
    'F16',
    'F32',
    'F64',
    'U32',
    'I64',
    'BF16',
    '__proto__',
    [],
    [0],
    [-8, 8],
    [0, 2 ** 53 - 1],
    [2 ** 52, 2 ** 52],
    [[]],
    {},
  ),
  fc.nat(300),
  fc.array(fc.nat(40), { maxLength: 3 }),
  // Nested deeper than a recursive reader can follow.
  fc.constantFrom('['.repeat(50_000), '['.repeat(50_000) + ']'.repeat(50_000)),
  fc.string({ maxLength: 12 }),
);

/**
 * A safetensors file whose header or tensors were changed on purpose, so that it is still one.
 * @param options `checksums`: whether it keeps those that it has, or is read without
 */
export function damagedTensors(bytes: Uint8Array, options: { checksums: boolean }): fc.Arbitrary<Uint8Array> {
  const { header, data } = split(bytes);
  if (!options.checksums && header.__metadata__ !== undefined) delete header.__metadata__.checksums;
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  const entries = Object.keys(header.__metadata__ ?? {});
  const name = fc.constantFrom(...names);
  const edit = (change: (header: Header) => void) => {
    const copy = structuredClone(header);
    change(copy);
    return join(JSON.stringify(copy), data);
  };
  const fields = fc
    .tuple(name, fc.constantFrom('dtype', 'shape', 'data_offsets'), oddValue)
    .map(([one, field, value]) => edit((copy) => Object.assign(copy[one]!, { [field]: value })));
  const transposed = name.map((one) => edit((copy) => (copy[one]!.shape as number[]).reverse()));
  const swapped = fc.tuple(name, name).map(([a, b]) =>
    edit((copy) => {
      [copy[a], copy[b]] = [copy[b]!, copy[a]!];
    }),
  );
  const renamed = fc
    .tuple(name, fc.constantFrom('__proto__', 'constructor', 'toString', 'bank.partial', 'x', ''))
    .map(([one, other]) =>
      join(JSON.stringify(header).replace(JSON.stringify(one), JSON.stringify(other)), data),
    );
  const twice = fc
    .tuple(name, name)
    .map(([a, b]) =>
      join(`{${JSON.stringify(a)}:${JSON.stringify(header[b])},${JSON.stringify(header).slice(1)}`, data),
    );
  const removed = name.map((one) =>
    edit((copy) => {
      const [from, to] = copy[one]!.data_offsets as [number, number];
      if (from === to) delete copy[one];
      else Object.assign(copy, { [`${one}.`]: copy[one] }, { [one]: undefined });
    }),
  );
  const texts = fc.tuple(fc.constantFrom(...entries), oddValue).map(([entry, value]) =>
    edit((copy) =>
      Object.assign(copy.__metadata__!, {
        [entry]: typeof value === 'string' ? value : JSON.stringify(value),
      }),
    ),
  );
  const charactersInTexts = fc
    .tuple(fc.constantFrom(...entries), fc.nat(), fc.constantFrom(...'0123456789-[]{},:"tnx. '))
    .map(([entry, place, character]) =>
      edit((copy) => {
        const text = String(copy.__metadata__![entry]);
        const at = place % (text.length + 1);
        copy.__metadata__![entry] = text.slice(0, at) + character + text.slice(at + 1);
      }),
    );
  const elements = fc
    .tuple(
      name,
      fc.nat(),
      fc.constantFrom(0, 1, 0x7c00, 0x7e00, 0xffff, 0x7f80, 0xff80, 0x7ff0, 0xfff0, 0x3c00),
      fc.nat(7),
    )
    .map(([one, place, bits, shift]) => {
      const [from, to] = header[one]!.data_offsets as [number, number];
      const changed = data.slice();
      if (to - from >= 2) {
        // A number at its highest bytes, where its exponent is, or anywhere.
        const at = from + ((place % (to - from - 1)) | (shift < 6 ? 0 : 1));
        changed[at] = bits & 255;
        changed[Math.min(at + 1, to - 1)] = bits >> 8;
      }
      return join(JSON.stringify(header), changed);
    });
  return fc.oneof(
    { weight: 4, arbitrary: elements },
    { weight: 2, arbitrary: charactersInTexts },
    fields,
    transposed,
    swapped,
    renamed,
    twice,
    removed,
    texts,
  );
}

function split(bytes: Uint8Array): { header: Header; data: Uint8Array } {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Header;
  return { header, data: bytes.slice(8 + length) };
}

function join(json: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(json.padEnd(8 * Math.ceil(json.length / 8)));
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}
