import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const COLOURS = { red: '#d22', green: '#2a2', blue: '#22d', yellow: '#ec2' } as const;
const SHAPES = {
  circle: '<circle cx="128" cy="128" r="90" fill="FILL"/>',
  square: '<rect x="45" y="45" width="166" height="166" fill="FILL"/>',
  triangle: '<polygon points="128,30 226,220 30,220" fill="FILL"/>',
} as const;

/** Small real pictures, rendered here: every colour in every shape at several positions, with captions. */
export async function writeShapes(folder: string): Promise<{ captions: string; pictures: number }> {
  await mkdir(folder, { recursive: true });
  const lines = ['image,caption'];
  for (const [colour, fill] of Object.entries(COLOURS))
    for (const [shape, svg] of Object.entries(SHAPES))
      for (const shift of [-24, 0, 24]) {
        const body = `<g transform="translate(${shift} ${-shift})">${svg.replace('FILL', fill)}</g>`;
        const name = `${colour}-${shape}${shift}.png`;
        const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">${body}</svg>`;
        await sharp(Buffer.from(picture)).flatten({ background: '#fff' }).png().toFile(join(folder, name));
        lines.push(`${name},a ${colour} ${shape} on white paper`);
      }
  const captions = join(folder, 'captions.csv');
  await writeFile(captions, `${lines.join('\n')}\n`);
  return { captions, pictures: lines.length - 1 };
}
