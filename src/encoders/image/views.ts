import sharp from 'sharp';
import { CovistaError } from '../../base/errors.ts';
import type { PictureSize } from './decode-picture.ts';

/** A square part of a picture, in shares of its width and height, that a network looks at. */
interface PictureView {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly mirrored: boolean;
  /** Its share of the picture's feature; the shares of all views add up to 1. */
  readonly weight: number;
}

const corners = (side: number): readonly (readonly [number, number])[] => [
  [0, 0],
  [1 - side, 0],
  [0, 1 - side],
  [1 - side, 1 - side],
];

/** Parts of one size, which share a weight evenly; every other one is mirrored. */
function group(places: readonly (readonly [number, number])[], side: number, weight: number): PictureView[] {
  return places.map(([left, top], i) => ({
    ...{ left, top, side, weight: weight / places.length },
    // The corners on one diagonal as they are, those on the other mirrored.
    mirrored: i === 1 || i === 2,
  }));
}

const whole = (weight: number) =>
  group(
    [
      [0, 0],
      [0, 0],
    ],
    1,
    weight,
  );
const LARGE = 5 / 7;
const large = (weight: number) => group([...corners(LARGE), [1 / 7, 1 / 7]], LARGE, weight);
const quarters = (weight: number) => group(corners(1 / 2), 1 / 2, weight);

/**
 * What a network can look at in place of the whole picture once: as it is and mirrored (2 views), and at five parts of
 * 5/7 of its sides (7 views), and at its four quarters (11 views). Features are averaged, the sizes of parts counting
 * the same (after the ten crops of Krizhevsky, Sutskever and Hinton, NIPS 2012, at several scales).
 */
const VIEWS: ReadonlyMap<number, readonly PictureView[]> = new Map([
  [2, whole(1)],
  [7, [...whole(1 / 2), ...large(1 / 2)]],
  [11, [...whole(1 / 3), ...large(1 / 3), ...quarters(1 / 3)]],
]);

/** How many views can be asked for. */
const VIEW_COUNTS: readonly number[] = [1, ...VIEWS.keys()];

/**
 * The views of a number; none for 1, which is the picture as it is.
 * @throws CovistaError `usage` for a number of which there are none
 */
export function viewsOf(count: number): readonly PictureView[] {
  if (!VIEW_COUNTS.includes(count))
    throw new CovistaError('usage', `There are no ${count} views of a picture.`, {
      hint: `Choose one of ${VIEW_COUNTS.join(', ')}.`,
    });
  return VIEWS.get(count) ?? [];
}

/** The size that pictures are decoded to for views: enough for the smallest part to be seen in full detail. */
export function sizeForViews(size: PictureSize): PictureSize {
  return { ...size, width: 2 * size.width, height: 2 * size.height };
}

/**
 * Cuts views out of a picture.
 * @param pixels RGB bytes of a picture of {@link sizeForViews}
 * @param size of each view
 * @returns the RGB bytes of each view
 */
export async function cutViews(
  pixels: Uint8Array,
  size: PictureSize,
  views: readonly PictureView[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { width, height } = sizeForViews(size);
  return Promise.all(
    views.map(async ({ left, top, side, mirrored }) => {
      const part = sharp(pixels, { raw: { width, height, channels: 3 } })
        .extract({
          left: Math.round(left * width),
          top: Math.round(top * height),
          width: Math.round(side * width),
          height: Math.round(side * height),
        })
        .resize(size.width, size.height, { fit: 'fill', kernel: size.resampling ?? 'lanczos3' });
      const { buffer, byteOffset, length } = await (mirrored ? part.flop() : part).raw().toBuffer();
      // A copy: memory that native code owns cannot be handed over to a worker.
      return new Uint8Array(buffer, byteOffset, length).slice() as Uint8Array<ArrayBuffer>;
    }),
  );
}

/**
 * The feature of a picture from those of its views.
 * @param features one of each view
 */
export function averageViews(features: readonly Float32Array[], views: readonly PictureView[]): Float32Array {
  const mean = new Float32Array(features[0]!.length);
  for (const [i, { weight }] of views.entries())
    for (let j = 0; j < mean.length; j++) mean[j]! += weight * features[i]![j]!;
  return mean;
}
