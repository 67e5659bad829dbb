import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  listPictures,
  matchAnnotations,
  readAnnotations,
  readNamedFeatures,
  readNpy,
  readSplit,
} from '../../src/datasets/index.ts';
import { hasShared, SHARED } from '../shared.ts';

const flickr8k = join(SHARED, 'data/flickr8k');
const cocoMini = join(SHARED, 'data/coco-mini');

describe.skipIf(!hasShared)('published data sets', () => {
  it('Flickr8k: five captions for each of 7,000 photos, splits and features by name', async () => {
    const { format, pictures, warnings } = await readAnnotations(join(flickr8k, 'Flickr8k.token.txt'));
    expect([format, pictures.length, warnings]).toEqual(['flickr8k', 7000, []]);
    expect(pictures.reduce((sum, { captions }) => sum + captions.length, 0)).toBe(35000);
    const photos = await listPictures(flickr8k);
    expect(matchAnnotations(photos.pictures, pictures).missing).toEqual([]);
    const train = await readSplit(join(flickr8k, 'Flickr_8k.trainImages.txt'));
    const validation = await readSplit(join(flickr8k, 'Flickr_8k.devImages.txt'));
    expect([train.names.length, validation.names.length]).toEqual([6000, 1000]);
    const { features, names } = await readNamedFeatures(
      join(flickr8k, 'mobilenet_v2_pool1280.npy'),
      join(flickr8k, 'mobilenet_v2_pool1280.names.txt'),
    );
    expect([features.rows, features.columns]).toEqual([7000, 1280]);
    expect(new Set(names)).toEqual(new Set([...train.names, ...validation.names]));
  });

  it.each(['train2017', 'val2017'])('MS COCO %s: as many captions as the file holds', async (split) => {
    const path = join(cocoMini, `annotations/captions_${split}.json`);
    const { pictures, warnings } = await readAnnotations(path);
    const file = JSON.parse(await readFile(path, 'utf8'));
    expect(pictures).toHaveLength(file.images.length);
    expect(pictures.reduce((sum, { captions }) => sum + captions.length, 0)).toBe(file.annotations.length);
    expect(warnings).toEqual([]);
    const photos = await listPictures(join(cocoMini, split));
    expect(matchAnnotations(photos.pictures, pictures).missing).toEqual([]);
  });

  it('MS COCO as unpacked: both splits, with the folders of their pictures', async () => {
    const { format, pictures, splits } = await readAnnotations(cocoMini);
    expect(format).toBe('coco-folder');
    expect([splits!.train!.length, splits!.val!.length]).toEqual([80, 79]);
    const photos = await listPictures(cocoMini);
    expect(matchAnnotations(photos.pictures, pictures)).toMatchObject({ missing: [], warnings: [] });
  });

  it('the Wikipedia benchmark, whose features are in Fortran order', async () => {
    const { shape, data } = await readNpy(join(SHARED, 'data/wikipedia/text_train.npy'));
    expect(shape).toEqual([2173, 10]);
    // Topic proportions of each text add up to one, which a wrong order would not give.
    for (let i = 0; i < 2173; i++)
      expect([...data.subarray(i * 10, i * 10 + 10)].reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 2);
  });
});
