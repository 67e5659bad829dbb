import { describe, expect, it } from 'vitest';
import { writeNpy } from '../../src/datasets/index.ts';
import { readExperiment } from '../../src/pipeline/index.ts';
import { type TemporaryFolder, temporaryFolder } from '../datasets/temporary-folder.ts';

/** A MATLAB version 5 file with one float32 matrix, `columns` its columns one after another. */
function mat(name: string, columns: readonly (readonly number[])[]): Uint8Array {
  const element = (type: number, bytes: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  };
  const bytesOf = (values: Int32Array | Float32Array) => Buffer.from(values.buffer);
  const matrix = Buffer.concat([
    element(6, bytesOf(Int32Array.of(7, 0))),
    element(5, bytesOf(Int32Array.of(columns[0]!.length, columns.length))),
    element(1, Buffer.from(name)),
    element(7, bytesOf(Float32Array.from(columns.flat()))),
  ]);
  const header = Buffer.from('MATLAB 5.0 MAT-file'.padEnd(124));
  return Buffer.concat([header, Buffer.from([0, 1]), Buffer.from('IM'), element(14, matrix)]);
}

const splits = ['train', 'restval', 'val', 'test', 'train'];

/** As Karpathy's dataset_coco.json: five images, in the order of the features. */
const karpathy = (uses: readonly string[] = splits) =>
  JSON.stringify({
    images: uses.map((split, i) => ({
      filepath: 'val2014',
      filename: `${i}.jpg`,
      imgid: i,
      split,
      sentences: [{ raw: `Caption ${i}.` }],
    })),
    dataset: 'coco',
  });

/** Features of picture i: i, i + 0.1, i + 0.2 ... */
const features = (n: number, size: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: size }, (_, j) => Math.fround(i + j / 10)));

async function read(folder: TemporaryFolder, files: object) {
  const warnings: string[] = [];
  const experiment = await readExperiment(files as Parameters<typeof readExperiment>[0], {
    onProgress: ({ warning }) =>
      warning !== undefined && warnings.push(warning.replaceAll(`${folder.path}/`, '')),
  });
  return { experiment, warnings };
}

describe("Karpathy's files", () => {
  it('bring features in columns, names and splits', async () => {
    await using folder = await temporaryFolder();
    const imageFeatures = await folder.write('vgg_feats.mat', mat('feats', features(5, 7)));
    const captions = await folder.write('dataset.json', karpathy());
    const { experiment, warnings } = await read(folder, { imageFeatures, captions });
    expect(experiment.features).toMatchObject({ rows: 5, columns: 7 });
    expect([...experiment.features.data]).toEqual(features(5, 7).flat());
    expect(experiment.captions).toEqual([0, 1, 2, 3, 4].map((i) => [`Caption ${i}.`]));
    expect(experiment).toMatchObject({ train: [0, 4, 1], validation: [2], test: [3] });
    expect(warnings).toEqual([]);
  });

  it('may be combined with names and splits of other files', async () => {
    await using folder = await temporaryFolder();
    const imageFeatures = `${folder.path}/f.npy`;
    await writeNpy(imageFeatures, { shape: [5, 2], data: Float32Array.from(features(5, 2).flat()) });
    const imageNames = await folder.write(
      'names.txt',
      ['4.png', '3.png', '2.png', '1.png', '0.png'].join('\n'),
    );
    const captions = await folder.write('dataset.json', karpathy());
    const test = await folder.write('test.txt', 'val2014/2.jpg\n');
    const other = await read(folder, { imageFeatures, imageNames, captions, test, validation: test }).catch(
      (error: unknown) => error,
    );
    expect(other).toMatchObject({ code: 'bad-values', message: expect.stringContaining('in both') });
    const validation = await folder.write('validation.txt', '3.jpg\n');
    const { experiment } = await read(folder, { imageFeatures, imageNames, captions, test, validation });
    expect(experiment.captions[0]).toEqual(['Caption 4.']);
    expect(experiment).toMatchObject({ train: [4, 0, 3], validation: [1], test: [2] });
  });

  it('that are square are read by rows with a warning, or as the option says', async () => {
    await using folder = await temporaryFolder();
    const imageFeatures = await folder.write('vgg_feats.mat', mat('feats', features(5, 5)));
    const captions = await folder.write('dataset.json', karpathy());
    const rows = await read(folder, { imageFeatures, captions });
    expect(rows.warnings).toEqual([expect.stringContaining('--pictures-in columns')]);
    expect([...rows.experiment.features.data.subarray(0, 2)]).toEqual([0, 1]);
    const columns = await read(folder, { imageFeatures, captions, picturesIn: 'columns' });
    expect(columns.warnings).toEqual([]);
    expect([...columns.experiment.features.data]).toEqual(features(5, 5).flat());
  });

  it('of another number of pictures are refused with both sizes', async () => {
    await using folder = await temporaryFolder();
    const imageFeatures = await folder.write('vgg_feats.mat', mat('feats', features(6, 7)));
    const captions = await folder.write('dataset.json', karpathy());
    await expect(read(folder, { imageFeatures, captions })).rejects.toMatchObject({
      code: 'bad-values',
      message: expect.stringContaining('7 rows and 6 columns, but there are 5 pictures'),
    });
  });

  it('without a test split are tested on validation, and without any need the options', async () => {
    await using folder = await temporaryFolder();
    const imageFeatures = await folder.write('vgg_feats.mat', mat('feats', features(5, 7)));
    const captions = await folder.write('dataset.json', karpathy(['train', 'train', 'val', 'val', 'train']));
    const { experiment, warnings } = await read(folder, { imageFeatures, captions });
    expect(experiment).toMatchObject({ train: [0, 1, 4], validation: [], test: [2, 3] });
    expect(warnings).toEqual([expect.stringContaining('no test split')]);
    const list = await folder.write('list.csv', 'image,caption\n0.jpg,x\n');
    const imageNames = await folder.write('names.txt', '0\n1\n2\n3\n4');
    await expect(read(folder, { imageFeatures, imageNames, captions: list })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--train <file>, --test <file>'),
    });
  });
});
