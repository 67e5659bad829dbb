import { basename } from 'node:path';
import type { FeatureModel } from '../../onnx/graph/onnx-feature-model.ts';
import { onnxDataType } from '../../onnx/graph/onnx-schema.ts';
import type { PreprocessingName } from './preprocessing-presets.ts';

/**
 * Recognises how pictures have to be prepared for a network. The first rule that holds decides:
 *
 * 1. the graph begins by subtracting or scaling: `raw` (0..255) or `unit` (0..1), by the size of its constants;
 * 2. its input is of bytes: `raw`;
 * 3. the file's name, or its folder's, says siglip, clip or dino: that network's own;
 * 4. the exporter is Caffe's, or it is TensorFlow's or Keras' and the file's name says vgg or resnet (but not
 *    ResNetV2): `keras-caffe-bgr`;
 * 5. the exporter is TensorFlow's or Keras', or the input has its channels last: `tensorflow` (-1..1);
 * 6. everything else, as PyTorch and the ONNX model zoo: `torchvision`.
 *
 * A file name of `model.onnx` says nothing, so its folder's name counts.
 */
export function recognizePreprocessing(model: FeatureModel, path: string): PreprocessingName {
  if (model.ownRange !== undefined) return model.ownRange === 'pixels' ? 'raw' : 'unit';
  if (model.input.type === onnxDataType.uint8) return 'raw';
  const name = path.split(/[\\/]/).slice(-3).join('/').toLowerCase();
  if (/siglip/.test(name)) return 'siglip';
  if (/(?:^|[^a-z])(?:open_?)?clip(?![a-z])/.test(name)) return 'clip';
  if (/(?:^|[^a-z])dino/.test(name)) return 'dinov2';
  const caffeStyle = /vgg|resnet(?!\d*_?v2)/.test(basename(name));
  if (/caffe/i.test(model.producer)) return 'keras-caffe-bgr';
  if (/tf|tensorflow|keras/i.test(model.producer) || model.input.channelsLast) {
    return caffeStyle ? 'keras-caffe-bgr' : 'tensorflow';
  }
  return 'torchvision';
}
