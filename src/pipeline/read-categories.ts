import { CovistaError } from '../base/errors.ts';
import { type WorkOptions, workOf } from '../base/progress.ts';
import { lostRows, matchAnnotations, readAnnotations } from '../datasets/index.ts';

/**
 * What pictures show, to test search by single words on: the tags of a file in any known format, such as the categories
 * of objects in MS COCO's `instances_*.json`.
 * @param pictures names or paths
 * @returns the categories of each picture; none for a picture that the file does not name
 * @throws CovistaError `no-data` when no picture has any, and as the readers
 */
export async function readCategories(
  file: string,
  pictures: readonly string[],
  work: WorkOptions = {},
): Promise<string[][]> {
  const { pictures: annotations, rows, ...read } = await readAnnotations(file, workOf(work));
  const lost = lostRows(file, rows);
  const warnings = lost === undefined ? read.warnings : [...read.warnings, lost];
  for (const warning of warnings) work.onProgress?.({ stage: 'read categories', done: 0, warning });
  const match = matchAnnotations(pictures, annotations);
  const categories = match.annotations.map((annotation) => [...(annotation?.tags ?? [])]);
  if (categories.every((some) => some.length === 0))
    throw new CovistaError('no-data', `${file} has no category or tag of any of the pictures.`, {
      hint: `The first picture is ${pictures[0]}.`,
    });
  return categories;
}
