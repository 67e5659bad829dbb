import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, type Resampling } from '../../../src/encoders/image/index.ts';

/** The filters of PIL's resize, which transformers uses: how far they reach, and their values. */
const FILTERS: Readonly<Record<Resampling, readonly [number, (x: number) => number]>> = {
  linear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  cubic: [
    2,
    (x) => {
      const [a, r] = [-0.5, Math.abs(x)];
      if (r < 1) return ((a + 2) * r - (a + 3)) * r * r + 1;
      return r < 2 ? (((r - 5) * r + 8) * r - 4) * a : 0;
    },
  ],
  lanczos3: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
const ALL = Object.keys(FILTERS) as Resampling[];

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** One row of PIL's resize: filters widen with the factor, and end at the borders of the picture. */
function resizeRow(row: ArrayLike<number>, size: number, filter: Resampling): number[] {
  const [reach, weight] = FILTERS[filter];
  const scale = row.length / size;
  const widened = Math.max(1, scale);
  return Array.from({ length: size }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach * widened + 0.5));
    const end = Math.min(row.length, Math.trunc(center + reach * widened + 0.5));
    let [sum, total] = [0, 0];
    for (let j = first; j < end; j++) {
      const one = weight((j - center + 0.5) / widened);
      total += one;
      sum += one * row[j]!;
    }
    return Math.min(255, Math.max(0, Math.round(sum / total)));
  });
}

/** Waves of many lengths and an edge, so that filters differ: grey, width x height. */
function pattern(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const waves = Math.sin((x * x) / 900) + Math.cos((y * y) / 1300) + Math.sin((x + 2 * y) / 7);
    return 128 + 38 * waves * (x > y ? 1 : -1);
  });
}

function resize(pixels: Uint8Array, width: number, size: number, filter: Resampling): number[] {
  const height = pixels.length / width;
  const rows = Array.from({ length: height }, (_, y) =>
    resizeRow(pixels.subarray(y * width, (y + 1) * width), size, filter),
  );
  const columns = Array.from({ length: size }, (_, x) =>
    resizeRow(
      rows.map((row) => row[x]!),
      size,
      filter,
    ),
  );
  return Array.from({ length: size * size }, (_, i) => columns[i % size]![Math.floor(i / size)]!);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((sum, one) => sum + one) / a.length;
}

describe('pictures are resized with the filter that is asked for', () => {
  const [width, height, size] = [320, 240, 112];
  const pixels = pattern(width, height);

  test.each(ALL)('%s is that of PIL, and no other', async (resampling) => {
    const png = await sharp(pixels, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer();
    const decoded = await decodePicture(png, { width: size, height: size, fit: 'fill', resampling });
    const got = decoded.pixels.filter((_, i) => i % 3 === 0);
    const distances = ALL.map((filter) => distance(got, resize(pixels, width, size, filter)));
    expect(Math.min(...distances)).toBe(distances[ALL.indexOf(resampling)]);
    expect(distances[ALL.indexOf(resampling)]).toBeLessThan(0.5);
  });

  test('a picture that was squeezed is cut too', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="64"><path d="M6 3h116v58h-116z"/></svg>';
    const wanted = { width: 32, height: 32, fit: 'fill', cropFraction: 0.75 } as const;
    const { pixels: cut } = await decodePicture(Buffer.from(svg), wanted);
    expect(Math.max(...cut)).toBeLessThan(40);
    const { pixels: whole } = await decodePicture(Buffer.from(svg), { ...wanted, cropFraction: 1 });
    expect([whole[0], whole.at(-1)]).toEqual([255, 255]);
  });
});
