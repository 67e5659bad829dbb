import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, repeatedKey } from '../../src/linalg/json.ts';

describe('parseJson', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        expect(parseJson(json, 10)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('refuses what is nested deeper than it may be, whatever its texts look like', () => {
    expect(parseJson('{"a": [[1], [2]], "[[[[": "\\"[[[["}', 3)).toEqual({ a: [[1], [2]], '[[[[': '"[[[[' });
    expect(() => parseJson('{"a": [[[1]]]}', 3)).toThrow('deeper than 3');
    expect(() => parseJson('['.repeat(20_000_000), 3)).toThrow('deeper than 3');
    expect(() => parseJson('{"a', 3)).toThrow(SyntaxError);
  });
});

describe('repeatedKey', () => {
  it.each<[string, string | undefined]>([
    ['{"a": 1, "a": 2}', 'a'],
    ['{"a": 1, "\\u0061"\n   : 2}', 'a'],
    ['{"a": {"b": 1}, "b": {"b": 1}}', undefined],
    ['{"a": {"b": 1, "c": [{"d": 1}], "b": 1}}', 'b'],
    ['{"a": "\\"a\\": 1", "b\\\\": "a", "b": ["a", "a"]}', undefined],
    ['{"__proto__": 1, "__proto__": 2}', '__proto__'],
    [`{"a": 1, "a"${' '.repeat(1000)}: 2}`, 'a'],
    ['"a"', undefined],
  ])('of %s', (json, key) => {
    expect(repeatedKey(json)).toBe(key);
  });
});
