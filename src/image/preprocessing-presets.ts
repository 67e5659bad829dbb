/** How a picture becomes a network's input: upright RGB pixels, resized, then `(pixel - mean) / deviation`. */
export interface Preprocessing {
  /** Width of the input in pixels. */
  readonly width: number;
  /** Height of the input in pixels. */
  readonly height: number;
  /**
   * `squash` brings the whole picture to width x height whatever its proportions; `crop` scales its shorter side to
   * `shorterSide` and cuts the middle out.
   */
  readonly fit: 'squash' | 'crop';
  /** With `crop`, the length in pixels of the shorter side before cutting. */
  readonly shorterSide?: number;
  /** Interpolation of the resize. */
  readonly interpolation: 'bilinear' | 'bicubic';
  /** Order of the three channels in the input. */
  readonly channels: 'rgb' | 'bgr';
  /** Subtracted from the pixels 0..255, one number a channel in the order of `channels`. */
  readonly mean: readonly [number, number, number];
  /** What the difference is divided by, one number a channel in the order of `channels`. */
  readonly deviation: readonly [number, number, number];
}

/** The names of {@link preprocessingPresets}. */
export type PreprocessingName =
  | 'torchvision'
  | 'keras-caffe-bgr'
  | 'tensorflow'
  | 'clip'
  | 'siglip'
  | 'dinov2'
  | 'unit'
  | 'raw';

const imagenetMean = [0.485 * 255, 0.456 * 255, 0.406 * 255] as const;
const imagenetDeviation = [0.229 * 255, 0.224 * 255, 0.225 * 255] as const;
const none = [0, 0, 0] as const;
const ones = [1, 1, 1] as const;
const halves = [127.5, 127.5, 127.5] as const;
const square = { width: 224, height: 224, channels: 'rgb' } as const;

/**
 * The preprocessing that published networks were trained with:
 * `torchvision` (PyTorch and the ONNX model zoo), `keras-caffe-bgr` (VGG and ResNet of Keras, and Caffe's),
 * `tensorflow` (-1..1: MobileNet, Inception, EfficientNet-Lite), `clip`, `siglip`, `dinov2`, `unit` (0..1) and
 * `raw` (0..255, for graphs that normalise by themselves).
 */
export const preprocessingPresets: Readonly<Record<PreprocessingName, Preprocessing>> = {
  torchvision: {
    ...square,
    fit: 'crop',
    shorterSide: 256,
    interpolation: 'bilinear',
    mean: imagenetMean,
    deviation: imagenetDeviation,
  },
  'keras-caffe-bgr': {
    ...square,
    fit: 'squash',
    interpolation: 'bilinear',
    channels: 'bgr',
    mean: [103.939, 116.779, 123.68],
    deviation: ones,
  },
  tensorflow: { ...square, fit: 'squash', interpolation: 'bilinear', mean: halves, deviation: halves },
  clip: {
    ...square,
    fit: 'crop',
    shorterSide: 224,
    interpolation: 'bicubic',
    mean: [0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255],
    deviation: [0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255],
  },
  siglip: { ...square, fit: 'squash', interpolation: 'bicubic', mean: halves, deviation: halves },
  dinov2: {
    ...square,
    fit: 'crop',
    shorterSide: 256,
    interpolation: 'bicubic',
    mean: imagenetMean,
    deviation: imagenetDeviation,
  },
  unit: { ...square, fit: 'squash', interpolation: 'bilinear', mean: none, deviation: [255, 255, 255] },
  raw: { ...square, fit: 'squash', interpolation: 'bilinear', mean: none, deviation: ones },
};

/**
 * The same preprocessing for another input size; the margin of a crop keeps its proportion.
 * @param width in pixels
 * @param height in pixels
 */
export function resizePreprocessing(
  preprocessing: Preprocessing,
  width: number,
  height: number,
): Preprocessing {
  if (width === preprocessing.width && height === preprocessing.height) return preprocessing;
  const { shorterSide, ...rest } = preprocessing;
  const scale = Math.max(width / preprocessing.width, height / preprocessing.height);
  const side = shorterSide === undefined ? {} : { shorterSide: Math.round(shorterSide * scale) };
  return { ...rest, ...side, width, height };
}
