import { extname } from 'node:path';

/** File name extensions that count as pictures, lower case with their dot. */
export const PICTURE_EXTENSIONS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.heic',
  '.heif',
  '.hif',
  '.jxl',
  '.bmp',
  '.svg',
];

/** Whether a file's name says that it is a picture. */
export function isPicturePath(path: string): boolean {
  return PICTURE_EXTENSIONS.includes(extname(path).toLowerCase());
}
