import { anObject, either, oneOf, text, whole, workRules } from '../../base/check-options.ts';

/** What the options of all ways to open an encoder may be; the values of some are checked where the network is known. */
export const encoderRules = {
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
