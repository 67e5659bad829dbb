import { anObject, either, type OptionRules, oneOf, text, whole, workRules } from '../check-options.ts';
import type { ClassifierOptions } from './classifier.ts';
import type { EncoderOptions } from './resolve-encoder.ts';

/** What the options of encoders may be; the values of some are checked where the network is known. */
export const encoderRules: OptionRules<ClassifierOptions & EncoderOptions> = {
  preprocessing: either(text, anObject),
  views: whole(1),
  run: anObject,
  measuring: anObject,
  measure: oneOf(['once', 'again']),
  layer: text,
  imageSize: whole(1),
  cache: text,
  ...workRules,
};
