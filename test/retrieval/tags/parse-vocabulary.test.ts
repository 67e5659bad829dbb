import { describe, expect, it } from 'vitest';
import { indexRow, parseVocabulary } from '../../../src/retrieval/index.ts';

/** Each name with the names directly under it. */
function hierarchy(text: string): Record<string, string[]> {
  const { names, children } = parseVocabulary(text, 'words.txt');
  return Object.fromEntries(
    names.map((name, i) => [name, Array.from(indexRow(children, i), (child) => names[child]!)]),
  );
}

describe('parseVocabulary', () => {
  it('reads words, phrases and comments', () => {
    expect(hierarchy('# mine\nDog\n\ntennis   ball  # a phrase\r\ndog\n')).toEqual({
      dog: [],
      'tennis ball': [],
    });
  });

  it('reads a hierarchy from indentation and from slashes', () => {
    const expected = { animal: ['dog', 'cat'], dog: ['poodle'], poodle: [], cat: [], car: [] };
    expect(hierarchy('animal\n  dog\n    poodle\n  cat\ncar')).toEqual(expected);
    expect(hierarchy('animal\n\tdog/poodle\n\tcat\ncar')).toEqual(expected);
    expect(hierarchy('animal/dog/poodle\nanimal/cat\ncar')).toEqual(expected);
  });

  it('lets a name stand under several others', () => {
    expect(hierarchy('pet/dog\nanimal/dog')).toEqual({ pet: ['dog'], dog: [], animal: ['dog'] });
  });

  it('names what cannot be read', () => {
    expect(() => parseVocabulary('dog\n  animal\n    dog', 'words.txt')).toThrow(/"dog".*line 3.*words.txt/);
    expect(() => parseVocabulary(' \n# nothing', 'words.txt')).toThrow(/no word in words.txt/);
  });
});
