import sharp from 'sharp';
import { openPicture } from './decode-picture.ts';

/**
 * A small copy of a picture, as a JPEG for pages and reports; its orientation is applied.
 * @param picture path of a file, or the bytes of one
 * @param side largest width and height in pixels; smaller pictures stay as they are
 */
export async function thumbnail(picture: string | Uint8Array, side = 300): Promise<Uint8Array> {
  return sharp(await openPicture(picture))
    .autoOrient()
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 80, mozjpeg: true })
    .toBuffer();
}
