import type { Preprocessing } from './preprocessing.ts';

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

const size = { width: 224, height: 224, channelOrder: 'rgb', layout: 'nchw' } as const;
const squeezed = { ...size, fit: 'fill' } as const;
const imagenet = {
  mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
  scale: [1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)],
} as const;
const centered = { mean: [127.5, 127.5, 127.5], scale: [1 / 127.5, 1 / 127.5, 1 / 127.5] } as const;

/**
 * The preprocessing that published networks were trained with:
 * `torchvision` (PyTorch and the ONNX model zoo), `keras-caffe-bgr` (VGG and ResNet of Keras, and Caffe's),
 * `tensorflow` (-1..1: MobileNet, Inception, EfficientNet-Lite), `clip`, `siglip`, `dinov2`, `unit` (0..1) and
 * `raw` (0..255, for graphs that normalise by themselves).
 */
export const preprocessingPresets: Readonly<Record<PreprocessingName, Preprocessing>> = {
  torchvision: { ...size, ...imagenet, fit: 'cover', cropFraction: 0.875 },
  'keras-caffe-bgr': {
    ...squeezed,
    channelOrder: 'bgr',
    mean: [103.939, 116.779, 123.68],
    scale: [1, 1, 1],
  },
  tensorflow: { ...squeezed, ...centered },
  clip: {
    ...size,
    fit: 'cover',
    resampling: 'cubic',
    mean: [0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255],
    scale: [1 / (0.26862954 * 255), 1 / (0.26130258 * 255), 1 / (0.27577711 * 255)],
  },
  siglip: { ...squeezed, ...centered, resampling: 'cubic' },
  dinov2: { ...size, ...imagenet, fit: 'cover', cropFraction: 0.875, resampling: 'cubic' },
  unit: { ...squeezed, mean: [0, 0, 0], scale: [1 / 255, 1 / 255, 1 / 255] },
  raw: { ...squeezed, mean: [0, 0, 0], scale: [1, 1, 1] },
};
