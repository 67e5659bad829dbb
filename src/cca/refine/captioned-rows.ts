import { CovistaError } from '../../base/errors.ts';
import type { Rows } from '../../linalg/matrix.ts';
import type { JointSpace } from '../space/joint-space.ts';
import { checkRows } from '../space/project.ts';

/** Features of pictures and of their captions, in blocks as the views of a joint space take them. */
export interface CaptionedRows {
  /** The blocks of view 0, one row a picture. */
  readonly images: readonly Rows[];
  /** The blocks of view 1, one row a caption. */
  readonly texts: readonly Rows[];
  /** For each caption the number of its picture. */
  readonly of: Uint32Array;
}

/**
 * @throws CovistaError `bad-values` for a space that has not two views, blocks that do not fit its views, and
 *   captions without a picture
 */
export function checkCaptionedRows(space: JointSpace, rows: CaptionedRows): void {
  if (space.views.length !== 2)
    throw new CovistaError('bad-values', `Pictures and captions need two views, not ${space.views.length}.`);
  const pictures = checkRows(space.views[0]!, 0, rows.images);
  const captions = checkRows(space.views[1]!, 1, rows.texts);
  if (rows.of.length !== captions)
    throw new CovistaError('bad-values', `${captions} captions came with the pictures of ${rows.of.length}.`);
  const caption = rows.of.findIndex((picture) => picture >= pictures);
  if (caption >= 0)
    throw new CovistaError(
      'bad-values',
      `Caption ${caption} is of picture ${rows.of[caption]}, but there are ${pictures} pictures.`,
    );
}
