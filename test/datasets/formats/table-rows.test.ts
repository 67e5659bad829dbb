import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../../src/datasets/index.ts';
import { hasShared, SHARED } from '../../shared.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Reads a table; the captions of each picture by its name. */
async function read(name: string, text: string) {
  await using folder = await temporaryFolder();
  const { pictures, rows, warnings } = await readAnnotations(await folder.write(name, text));
  return { captions: Object.fromEntries(pictures.map((one) => [one.picture, one.captions])), rows, warnings };
}

describe('a bad row costs only itself', () => {
  /** Rows in place of the one of `bad.jpg`, and the caption that is read; undefined where the row is lost. */
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['bad.csv', 'bad.jpg,"Stop" sign by a road', '"Stop" sign by a road'],
    ['bad.csv', 'bad.jpg,the "Stop" sign', 'the "Stop" sign'],
    ['bad.csv', 'bad.jpg,a 5" nail', 'a 5" nail'],
    ['bad.csv', 'bad.jpg,"He said "Stop, now" loudly"', 'He said "Stop, now" loudly'],
    ['bad.csv', 'bad.jpg,"a \\"Stop\\" sign, red"', 'a "Stop" sign, red'],
    ['bad.csv', 'bad.jpg,"a \\", then more"', 'a ", then more'],
    ['bad.csv', '"bad.jpg","Stop" sign', '"Stop" sign'],
    ['bad.csv', 'bad.jpg,"never closed', '"never closed'],
    ['bad.csv', 'bad.jpg,"never closed, with a comma', '"never closed, with a comma'],
    ['bad.csv', '"bad.jpg,never closed', 'never closed'],
    ['bad.csv', '"bad.jpg,"opened twice', '"opened twice'],
    ['bad.csv', 'bad.jpg,one,two,three', undefined],
    ['bad.csv', 'bad.jpg', undefined],
    ['bad.csv', ',no picture', undefined],
    ['bad.csv', 'bad.jpg,a \r dog\r', 'a dog'],
    ['bad.csv', 'bad.jpg,empty cells behind,,', 'empty cells behind'],
    ['bad.csv', 'bad.jpg,"a caption\nover lines, with ""quotes"""', 'a caption over lines, with "quotes"'],
    ['bad.tsv', 'bad.jpg\t"Stop" sign', '"Stop" sign'],
    ['bad.tsv', 'bad.jpg\t"never closed', '"never closed'],
    ['bad.tsv', 'bad.jpg\tnever opened"', 'never opened"'],
    ['bad.tsv', 'bad.jpg\t"whole, ""quoted"""', 'whole, "quoted"'],
  ];

  it.each(cases)('%s: %j gives %j', async (name, row, caption) => {
    const separator = name.endsWith('.tsv') ? '\t' : ',';
    const good = Array.from({ length: 999 }, (_, i) => `${i}.jpg${separator}caption ${i}`);
    // Ten of the other rows are quoted rightly.
    for (let i = 0; i < 999; i += 100) good[i] = `"${i}.jpg"${separator}"caption${separator} ${i}"`;
    for (const at of [0, 500, 999]) {
      const text = [`image${separator}caption`, ...good.toSpliced(at, 0, row)].join('\n');
      const { captions, rows, warnings } = await read(name, text);
      for (let i = 0; i < 999; i++)
        expect(captions[`${i}.jpg`]).toEqual([
          i % 100 === 0 ? `caption${separator === ',' ? ',' : ''} ${i}` : `caption ${i}`,
        ]);
      expect(captions['bad.jpg']?.[0]).toBe(caption);
      expect(rows).toEqual({ read: caption === undefined ? 999 : 1000, lost: caption === undefined ? 1 : 0 });
      expect(warnings.length).toBeGreaterThanOrEqual(caption === undefined ? 1 : 0);
    }
  });

  it('a row that stray quotes could join with the next one, and two rows in one line', async () => {
    expect((await read('a.csv', 'image,caption\na.jpg,"open\nb.jpg,close"\nc.jpg,x\n')).captions).toEqual({
      'a.jpg': ['"open'],
      'b.jpg': ['close"'],
      'c.jpg': ['x'],
    });
    expect(Object.keys((await read('a.csv', 'key,caption\n1,x\n2,"open\n3,y\n4,z"\n')).captions)).toEqual([
      '1',
      '2',
      '3',
      '4',
    ]);
    expect((await read('a.csv', 'image,caption\na.jpg,one\rb.jpg,two\nc.jpg,x\n')).captions).toEqual({
      'a.jpg': ['one'],
      'b.jpg': ['two'],
      'c.jpg': ['x'],
    });
  });

  it('a header with a stray quote', async () => {
    for (const header of [
      'image,"caption',
      '"image","caption"',
      'image,"the" caption,caption',
      '\ufeff"image",caption',
    ])
      expect(
        Object.keys(
          (await read('a.csv', `${header}\na.jpg,one,two\nb.jpg,"x",y\nc.jpg,"z"\nd.jpg,z\n`)).captions,
        ).length,
      ).toBeGreaterThan(1);
  });

  it('reads whatever a writer by RFC 4180 writes', async () => {
    const cell = fc.string({ unit: fc.constantFrom(...'ab "\\,;\n\t.'), maxLength: 12 });
    const plain = (text: string) => text.replace(/\s+/g, ' ').trim();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), async (table) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = table.map(([a, b], i) => `${i}.png,${quoted(a)},${quoted(b)}`);
        const { captions, rows } = await read('a.csv', ['image,caption,caption', ...lines].join('\r\n'));
        expect(rows).toEqual({ read: table.length, lost: 0 });
        for (const [i, cells] of table.entries())
          expect(captions[`${i}.png`]).toEqual([...new Set(cells.map(plain).filter((text) => text !== ''))]);
      }),
      { numRuns: 60 },
    );
  });

  it.skipIf(!hasShared).each(['quotes.csv', 'quotes.tsv'])('reads all six rows of %s', async (name) => {
    const { pictures, rows } = await readAnnotations(join(SHARED, 'data/faults', name));
    expect(pictures.map(({ picture }) => picture)).toEqual([1, 2, 3, 4, 5, 6].map((i) => `a${i}.jpg`));
    expect(rows).toEqual({ read: 6, lost: 0 });
  });
});
