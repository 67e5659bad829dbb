import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CovistaError } from '../../../src/base/errors.ts';
import { matrix } from '../../../src/linalg/index.ts';
import { combineQuery, NEGATIVE_WEIGHT, parseQuery } from '../../../src/retrieval/index.ts';

describe('parseQuery', () => {
  it.each([
    ['a dog without a ball', 'a dog', ['ball']],
    ['a beach, no people, at sunset', 'a beach, at sunset', ['people']],
    ['a bird but not a duck on water', 'a bird but on water', ['duck']],
    ['A man WITHOUT his red hat and no shoes', 'A man and', ['red hat', 'shoes']],
  ])('takes what follows a negation as not wanted: %s', (text, wanted, unwanted) => {
    expect(parseQuery(text).parts).toEqual([
      { text: wanted, weight: 1 },
      ...unwanted.map((phrase) => ({ text: phrase, weight: -NEGATIVE_WEIGHT, phrase: true })),
    ]);
  });

  it('keeps a negation with nothing behind it, and one in quotes', () => {
    expect(parseQuery('better without').parts).toEqual([{ text: 'better without', weight: 1 }]);
    expect(parseQuery('"no parking" sign').parts).toEqual([
      { text: 'sign', weight: 1 },
      { text: 'no parking', weight: 1, phrase: true },
    ]);
  });

  it('asks for anything but what is not wanted where nothing else is said', () => {
    expect(parseQuery('no people').parts).toEqual([
      { text: 'people', weight: -NEGATIVE_WEIGHT, phrase: true },
    ]);
  });

  it('reads words, minus, weights and phrases', () => {
    expect(parseQuery('a dog -grass 2:dog "hot dog"').parts).toEqual([
      { text: 'a dog', weight: 1 },
      { text: 'grass', weight: -NEGATIVE_WEIGHT, phrase: true },
      { text: 'dog', weight: 2, phrase: true },
      { text: 'hot dog', weight: 1, phrase: true },
    ]);
  });

  it('reads minus and weight before phrases, and both at once', () => {
    expect(parseQuery('-"hot dog" .5:"tennis racket" -2:snow').parts).toEqual([
      { text: 'hot dog', weight: -NEGATIVE_WEIGHT, phrase: true },
      { text: 'tennis racket', weight: 0.5, phrase: true },
      { text: 'snow', weight: -2 * NEGATIVE_WEIGHT, phrase: true },
    ]);
  });

  it('reads plain words together, whatever stands between them', () => {
    expect(parseQuery(' two  boys\t-snow playing\nfootball ').parts).toEqual([
      { text: 'two boys playing football', weight: 1 },
      { text: 'snow', weight: -NEGATIVE_WEIGHT, phrase: true },
    ]);
  });

  it('takes typographic quotes and the sign for minus', () => {
    expect(parseQuery('\u201chot dog\u201d \u2212snow').parts).toEqual([
      { text: 'hot dog', weight: 1, phrase: true },
      { text: 'snow', weight: -NEGATIVE_WEIGHT, phrase: true },
    ]);
  });

  it('leaves hyphens and colons inside words alone, and everything inside quotes', () => {
    expect(parseQuery('black t-shirt man: running').parts).toEqual([
      { text: 'black t-shirt man: running', weight: 1 },
    ]);
    expect(parseQuery('"-5" "10:30"').parts.map((part) => part.text)).toEqual(['-5', '10:30']);
  });

  it.each([
    ['', /empty/],
    ['  ', /empty/],
    ['a "hot dog', /'hot dog' is not closed/],
    ['dog - grass', /Nothing stands behind '-'/],
    ['dog 2: grass', /Nothing stands behind '2:'/],
    ['dog ""', /Nothing stands behind/],
    ['0:dog', /must be above 0/],
    ['2:-dog', /wrong place/],
    ['--dog', /wrong place/],
    [`${'9'.repeat(400)}:dog`, /must be above 0|finite/],
  ])('refuses %j', (text, message) => {
    expect(() => parseQuery(text)).toThrow(message);
  });

  it('reads any text or says what is wrong with it, and loses no plain word', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '"', ':', '2', '.', 'é') }),
        (text) => {
          try {
            for (const { text: part, weight } of parseQuery(text).parts) {
              expect(part.trim()).toBe(part);
              expect(part).not.toBe('');
              expect(weight).not.toBe(0);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(CovistaError);
            expect((error as CovistaError).code).toBe('usage');
          }
        },
      ),
    );
    const word = fc.stringMatching(/^[a-z]{1,5}$/).filter((one) => !['no', 'not'].includes(one));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(parseQuery(words.join(' ')).parts).toEqual([{ text: words.join(' '), weight: 1 }]);
      }),
    );
  });
});

describe('combineQuery', () => {
  const parts = matrix(3, 2, Float32Array.of(1, 0, 0.6, 0.8, 0, 0));

  it('is the weighted sum of the parts at unit length', () => {
    const query = combineQuery(parts, [2, 1, 1]);
    // (2.6, 0.8) by hand.
    const length = Math.sqrt(2.6 ** 2 + 0.8 ** 2);
    expect(query.data[0]).toBeCloseTo(2.6 / length, 6);
    expect(query.data[1]).toBeCloseTo(0.8 / length, 6);
  });

  it('gives a single part back', () => {
    expect([...combineQuery(matrix(1, 2, Float32Array.of(0.6, 0.8)), [3]).data]).toEqual([
      Math.fround(0.6),
      Math.fround(0.8),
    ]);
  });

  it('lowers what is like a part of negative weight', () => {
    const [x, y] = combineQuery(parts, [1, -0.5, 1]).data;
    expect(0.6 * x! + 0.8 * y!).toBeLessThan(0.6);
    expect(x).toBeGreaterThan(0.6);
  });

  it('refuses parts that cancel or are unknown, and numbers that do not fit', () => {
    const same = matrix(2, 2, Float32Array.of(0.6, 0.8, 0.6, 0.8));
    expect(() => combineQuery(same, [1, -1])).toThrow(/cancel/);
    expect(() => combineQuery(matrix(1, 2, new Float32Array(2)), [1])).toThrow(/known/);
    expect(() => combineQuery(same, [1])).toThrow(/2 parts .* 1 weights/);
    expect(() => combineQuery(same, [1, Number.NaN])).toThrow(/finite/);
  });
});
