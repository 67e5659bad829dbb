import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { segmentWords, stopWords } from '../../src/text/index.ts';

describe('the words of a text', () => {
  test.each([
    ['en', 'A man plays Tennis.', ['a', 'man', 'plays', 'tennis']],
    ['en', 'A long-haired dog in a T-shirt', ['a', 'long', 'haired', 'dog', 'in', 'a', 't-shirt']],
    ['en', 'an x-ray , a 4-wheeler', ['an', 'x-ray', 'a', '4', 'wheeler']],
    [
      'en',
      "The dog 's ball; the man’s hat, don't",
      ['the', 'dog', 's', 'ball', 'the', 'man', 'hat', "don't"],
    ],
    ['en', 'on the grass.The dog', ['on', 'the', 'grass', 'the', 'dog']],
    ['en', 'hot_dog, 1,000 and 3.5 at 25', ['hot', 'dog', '1,000', 'and', '3.5', 'at', '25']],
    ['en', 'ﬁre ①', ['fire', '1']],
    ['en', 'the Café’s café', ['the', 'café', 'café']],
    ['de', 'Zwei Männer spielen FUẞBALL', ['zwei', 'männer', 'spielen', 'fußball']],
    ['tr', 'IĞDIR İzmir', ['ığdır', 'izmir']],
    ['en', '', []],
    ['en', '🎾 — !?', []],
  ])('%s: %s', (language, text, words) => {
    expect(segmentWords(text, language)).toEqual(words);
  });

  test('are found without spaces', () => {
    expect(segmentWords('一只狗在草地上奔跑', 'zh')).toContain('草地');
    expect(segmentWords('犬が草の上を走る', 'ja')).toContain('犬');
    expect(segmentWords('สุนัขวิ่งบนหญ้า', 'th').length).toBeGreaterThan(1);
  });

  test('are normalised', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const word of segmentWords(text, 'en')) {
          expect(word).not.toBe('');
          expect(word).toBe(word.normalize('NFKC'));
          expect(word).not.toMatch(/\s|'s$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('of plain ASCII are those that Unicode’s rules give', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...' aabBxsn\'"-.,:;_019/') });
    fc.assert(
      fc.property(ascii, (text) => {
        // One letter beyond ASCII takes the way through the segmenter.
        expect(segmentWords(`${text} é`, 'en')).toEqual([...segmentWords(text, 'en'), 'é']);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('stop words', () => {
  test('follow the language', () => {
    expect(stopWords('en')).toContain('the');
    expect(stopWords('en-GB')).toContain('the');
    expect(stopWords('en')).not.toContain('man');
    expect(stopWords('de')).toContain('und');
    expect(stopWords('zh-Hant')).toContain('的');
    expect(stopWords('tlh').size).toBe(0);
  });
});
