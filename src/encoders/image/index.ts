import '../../node-version.ts';

export { isPicturePath, PICTURE_EXTENSIONS } from '../../datasets/photos/picture-names.ts';
export { type ClassifierOptions, openClassifier } from './classifier.ts';
export { type DecodedPicture, decodePicture, type PictureSize } from './decode-picture.ts';
export { type DefaultEncoderOptions, defaultImageEncoder } from './default-encoder.ts';
export type { EncodedPicture, FeatureBlock, ImageEncoder } from './image-encoder.ts';
export { createOnnxEncoder, type MeasuringOptions, type OnnxEncoderSettings } from './onnx-encoder.ts';
export type { Preprocessing, Resampling } from './preprocessing.ts';
export { type PreprocessingName, preprocessingPresets } from './preprocessing-presets.ts';
export { absoluteEncoderName, type EncoderOptions, encoderNames, resolveEncoder } from './resolve-encoder.ts';
export { thumbnail } from './thumbnail.ts';
