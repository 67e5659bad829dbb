import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

const GLOVE = resolve(import.meta.dirname, '../fixtures/word-vectors/glove-50.txt');

/** Words of the captions and of others, with vectors of their own, in English and in German. */
const WORDS: readonly (readonly [string, string])[] = [
  ['red', 'rot'],
  ['green', 'gr\u00fcn'],
  ['blue', 'blau'],
  ['yellow', 'gelb'],
  ['circle', 'kreis'],
  ['square', 'quadrat'],
  ['triangle', 'dreieck'],
  ['white', 'wei\u00df'],
  ['paper', 'papier'],
  // Spelt alike.
  ...['berlin', 'hotel', '2010', 'radio', 'taxi', 'hund'].map((word) => [word, word] as const),
];

/** A vector for each of the words; the same ones for both languages unless they are turned around. */
function vectorFile(language: 0 | 1, turned = false): string {
  const lines = WORDS.map((pair, i) => {
    const values = Array.from({ length: 20 }, (_, j) => Math.sin(1 + i * 7.3 + j * j * (1.1 + i * 0.37)));
    return [pair[language], ...(turned ? values.toReversed() : values).map((value) => value.toFixed(4))].join(
      ' ',
    );
  });
  return `${lines.join('\n')}\n`;
}

let folder: string;
let library: string;
const find = (...args: string[]) => covista(['search', ...args, '-l', library]);

beforeAll(async () => {
  folder = await scratch();
  library = join(folder, 'library');
  const { captions } = await writeShapes(join(folder, 'photos'));
  await writeFile(join(folder, 'en.txt'), vectorFile(0));
  await writeFile(join(folder, 'de.txt'), vectorFile(1));
  await writeFile(join(folder, 'other.txt'), vectorFile(1, true));
  expect((await covista(['index', join(folder, 'photos'), '-c', captions, '-l', library])).code).toBe(0);
  const fit = ['fit', '-l', library, '--starter', 'none', '--vectors', join(folder, 'en.txt')];
  expect(await covista(fit)).toMatchObject({ code: 0 });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a query that begins with a minus', () => {
  it.each([[['-red']], [['--', '-red']], [['-red', '-green']], [['-red -green']]])(
    'asks for all but that: %j',
    async (words) => {
      const found = await covista(['search', '-n', '3', '--json', '-l', library, ...words]);
      expect(found).toMatchObject({ code: 0 });
      const { query, hits } = JSON.parse(found.stdout);
      expect(query.words).toMatch(/^-red/);
      for (const { path } of hits) expect(path).not.toContain('red-');
    },
  );

  it('may begin with the letter of an option, and options keep their values', async () => {
    for (const word of ['-hund', '-list', '-quadrat', '-indoor']) {
      const { code, stderr } = await find('red', word, '-n', '1');
      expect(code, stderr).toBe(0);
    }
    const short = await covista(['search', 'red', '-n2', `-l${library}`, '--json']);
    expect(JSON.parse(short.stdout).hits).toHaveLength(2);
    const unknown = await find('-x');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('covista search -- -dog');
  });
});

describe('the words of a query', () => {
  it('are named where the model does not know them, or by their vectors only', async () => {
    const { stderr, stdout } = await find('a red qqqxz and the hund', '--json');
    expect(stderr).toMatch(/Not understood, and left out: qqqxz\./);
    expect(stderr).toMatch(/only word vectors say what they mean: hund\./);
    const { query } = JSON.parse(stdout);
    expect(query).toMatchObject({ unknown: ['qqqxz'], guessed: ['hund'] });
    const known = await find('the reds and a CIRCLE', '--json', '-q');
    expect(JSON.parse(known.stdout).query).toMatchObject({ unknown: [], guessed: [] });
    expect(known.stderr).toBe('');
  });

  it('are named with the emoji among them, which are no words', async () => {
    const { stderr, stdout } = await find('a red 🐕 and 👩‍🚀 1 ©', '--json');
    expect(stderr).toMatch(/Not understood, and left out: .*🐕, 👩‍🚀\./);
    expect(JSON.parse(stdout).query.unknown).toEqual(expect.arrayContaining(['🐕', '👩‍🚀']));
    const nothing = await find('🐕');
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/None of the words in "🐕" is known: 🐕\./);
  });

  it('are told to be of another language where its stop words show it', async () => {
    expect((await find('ein hund red und der')).stderr).toMatch(
      /seems to be in German, the captions are in English/,
    );
    const nothing = await find('kreis und quadrat');
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/None of the words .* is known: kreis, und, quadrat/);
  });

  it('are found in another language by aligned word vectors', async () => {
    const german = ['--vectors', join(folder, 'de.txt'), '--language', 'de'];
    for (const [query, name] of [
      ['ein roter rot kreis', 'red-circle'],
      ['das Dreieck ist gelb', 'yellow-triangle'],
    ]) {
      const { stdout, stderr } = await find(query!, ...german, '-n', '1', '--json');
      const { hits } = JSON.parse(stdout);
      expect(hits[0].path, stderr).toContain(name);
    }
    expect((await find('ein roter rot kreis', ...german)).stderr).toContain(
      'Not understood, and left out: roter.',
    );
  });

  it('are not looked up in vectors of another space', async () => {
    const turned = await find('kreis', '--vectors', join(folder, 'other.txt'), '--language', 'de');
    expect(turned.code).toBe(2);
    expect(turned.stderr).toMatch(/do not lie in the space of the model's/);
    const longer = await find('kreis', '--vectors', GLOVE, '--language', 'de');
    expect(longer.code).toBe(2);
    expect(longer.stderr).toMatch(/they have 100 numbers, not 20/);
    expect((await find('kreis', '--language', 'de')).code).toBe(2);
  });
});
