/** The filters that pictures can be resized with; when scaled down, they widen with the factor, as PIL's do. */
export type Resampling = 'linear' | 'cubic' | 'lanczos3';

/**
 * How a decoded picture becomes the input of a network: resized to `width` x `height`, then for each channel
 * `(value - mean) * scale`, with values from 0 to 255.
 */
export interface Preprocessing {
  /** Size of the network's input in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * `fill` squeezes the whole picture into the input; `cover` keeps the aspect ratio and cuts what stands out on
   * both sides; `contain` keeps the aspect ratio and adds white borders.
   */
  readonly fit: 'fill' | 'cover' | 'contain';
  /**
   * For `cover` and `fill`: the share of the scaled picture's sides (of its shorter side for `cover`) that is kept,
   * above 0 and up to 1, which is the default. 0.875 is the usual "resize to 256, cut out the central 224".
   */
  readonly cropFraction?: number;
  /** `lanczos3` when left out. */
  readonly resampling?: Resampling | undefined;
  /** Taken off each channel, in `channelOrder`, on the scale of 0 to 255. */
  readonly mean: readonly [number, number, number];
  /** Multiplies each channel after the mean is taken off, in `channelOrder`. */
  readonly scale: readonly [number, number, number];
  readonly channelOrder: 'rgb' | 'bgr';
  /** Whether the network reads channel after channel (`nchw`) or pixel after pixel (`nhwc`). */
  readonly layout: 'nchw' | 'nhwc';
}

/**
 * Writes one picture into the network's input.
 * @param pixels height x width x 3 bytes, RGB
 * @param preprocessing how
 * @param input the batch that receives height x width x 3 numbers
 * @param offset where in `input` they start
 */
export function writePixels(
  pixels: Uint8Array,
  preprocessing: Preprocessing,
  input: Float32Array,
  offset: number,
): void {
  const { width, height, mean, scale, channelOrder, layout } = preprocessing;
  const area = width * height;
  const pixelStep = layout === 'nchw' ? 1 : 3;
  const channelStep = layout === 'nchw' ? area : 1;
  for (let channel = 0; channel < 3; channel++) {
    const channelMean = mean[channel]!;
    const channelScale = scale[channel]!;
    let from = channelOrder === 'rgb' ? channel : 2 - channel;
    let to = offset + channel * channelStep;
    for (let pixel = 0; pixel < area; pixel++) {
      input[to] = (pixels[from]! - channelMean) * channelScale;
      from += 3;
      to += pixelStep;
    }
  }
}
