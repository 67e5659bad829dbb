import {
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  List,
  Schema,
  Uint32,
  Utf8,
} from 'apache-arrow';

const text = (name: string) => new Field(name, new Utf8(), false);
const number = (name: string) => new Field(name, new Float64(), false);
const whole = (name: string) => new Field(name, new Int32(), false);
const list = (name: string, type: DataType) =>
  new Field(name, new List(new Field('item', type, true)), false);
const texts = (name: string) => list(name, new Utf8());
const vector = (name: string, size: number) =>
  new Field(name, new FixedSizeList(size, new Field('item', new Float32(), true)), false);

/** A picture's file, as it was when encoded, and its feature. */
export const picturesSchema = (featureSize: number) =>
  new Schema([
    text('path'),
    number('bytes'),
    number('modified'),
    whole('width'),
    whole('height'),
    vector('feature', featureSize),
  ]);

/** The words that somebody gave to a picture. */
export const wordsSchema = () => new Schema([text('path'), texts('captions'), texts('tags')]);

/** The tags of a picture that somebody accepted and rejected. */
export const decisionsSchema = () => new Schema([text('path'), texts('accepted'), texts('rejected')]);

/**
 * A picture's embedding in the joint space of the model named by `model`, how much of a hub it is, and its tags by
 * their numbers with their probabilities.
 */
export const embeddingsSchema = (size: number) =>
  new Schema([
    text('path'),
    text('model'),
    number('hubness'),
    list('tags', new Uint32()),
    list('probabilities', new Float32()),
    vector('embedding', size),
  ]);
