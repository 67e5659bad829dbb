import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CovistaError } from '../base/errors.ts';

/** Photos of one official half of MS COCO, and their captions. */
export interface CocoHalf {
  /** `train2017`, `val2014`. */
  readonly name: string;
  readonly photos: string;
  readonly captions: string;
  /** The objects in the photos; undefined where the file is not there. */
  readonly instances: string | undefined;
}

/** Both halves of one edition of MS COCO. */
export interface CocoFolders {
  readonly year: number;
  readonly train: CocoHalf;
  readonly validation: CocoHalf;
}

/** In order of preference: 2017 holds the same photos as 2014, of which it leaves just 5,000 for validation. */
const YEARS = [2017, 2014] as const;

/**
 * Finds the official folders of MS COCO (Lin et al., ECCV 2014): `train2017/`, `val2017/` and
 * `annotations/captions_{train,val}2017.json`, or those of 2014.
 * @param root the folder in which the official archives were unpacked
 * @param year 2014 or 2017; the one that is there, 2017 of both, when left out
 * @throws CovistaError `not-found` naming what is missing
 */
export function findCoco(root: string, year?: number): CocoFolders {
  const years = year === undefined ? YEARS : YEARS.filter((one) => one === year);
  if (years.length === 0)
    throw new CovistaError('usage', `There is no MS COCO of ${year}.`, { hint: 'Choose 2014 or 2017.' });
  const editions = years.map((one) => ({
    year: one,
    train: half(root, `train${one}`),
    validation: half(root, `val${one}`),
  }));
  const missing = editions.map(({ train, validation }) =>
    [train, validation]
      .flatMap(({ photos, captions }) => [photos, captions])
      .filter((path) => !existsSync(path)),
  );
  const complete = missing.findIndex((paths) => paths.length === 0);
  if (complete >= 0) return editions[complete]!;
  // The edition of which most is there is the one that was meant.
  const nearest = missing.reduce((best, paths) => (paths.length < best.length ? paths : best));
  throw new CovistaError('not-found', `${resolve(root)} is not MS COCO: ${nearest.join(', ')} is missing.`, {
    hint: 'Download train2017.zip, val2017.zip and annotations_trainval2017.zip from https://cocodataset.org/#download and unpack them into one folder.',
  });
}

function half(root: string, name: string): CocoHalf {
  const annotations = resolve(root, 'annotations');
  const instances = join(annotations, `instances_${name}.json`);
  return {
    name,
    photos: resolve(root, name),
    captions: join(annotations, `captions_${name}.json`),
    instances: existsSync(instances) ? instances : undefined,
  };
}
