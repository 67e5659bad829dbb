import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReportData, reliability, renderReport } from '../../../src/evaluation/index.ts';

/** A red pixel as PNG. */
const pixel = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='),
  (character) => character.charCodeAt(0),
);

function report(text: string, changes: Partial<ReportData> = {}): string {
  const picture = { bytes: pixel, mime: 'image/png', alt: text };
  const retrieval = { 'recall@1': 12.34, 'recall@5': 50, 'recall@10': 75, medianRank: 5.5 };
  const tags = { 'precision@5': 40, 'recall@5': 30, 'f1@5': 34.3, map: 41.28, vocabulary: 100 };
  return renderReport({
    title: text,
    summary: text,
    origin: [text],
    evaluations: [
      {
        name: text,
        description: text,
        systems: [
          { name: text, role: 'main', textToImage: retrieval, imageToTag: tags },
          { name: 'chance', role: 'chance', textToImage: { ...retrieval, medianRank: Number.NaN } },
        ],
      },
    ],
    queries: [
      {
        words: text,
        results: [
          {
            picture,
            score: 0.456,
            right: true,
            explanation: {
              contributions: [
                { name: text, value: 0.1 },
                { name: 'beach', value: -0.254 },
              ],
              captions: [text],
            },
          },
          { picture, score: 0.4 },
        ],
      },
    ],
    taggedPictures: [
      {
        picture,
        tags: [
          { word: text, probability: 0.876, right: true, captions: [text] },
          { word: 'second', probability: 0.1, right: false },
        ],
        missed: [text],
      },
    ],
    correlations: Float64Array.of(0.9, 0.5, 0.1),
    settings: [{ name: text, value: text }],
    timings: [{ step: text, seconds: 75 }],
    credits: [{ name: text, licence: text, note: text, url: 'https://example.org/?a=1&b=2' }],
    method: [text],
    ...changes,
  });
}

const empty: Partial<ReportData> = {
  evaluations: [],
  queries: [],
  taggedPictures: [],
  correlations: [],
  settings: [],
  timings: [],
  credits: [],
  method: [],
};

const voidElements = new Set(['meta', 'img', 'line', 'polygon', 'polyline', 'circle']);

/** The names of all tags in order; fails when an element is not closed where it should be. */
function elements(page: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name] of page
    .replace('<!doctype html>', '')
    .replace(/<style>.*?<\/style>/s, '')
    .matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>/g)) {
    if (slash) expect(open.pop()).toBe(name);
    else {
      names.push(name!);
      if (!voidElements.has(name!)) open.push(name!);
    }
  }
  expect(open).toEqual([]);
  return names;
}

describe('renderReport', () => {
  it('shows every number and marks right and wrong by more than colour', () => {
    const page = report('a dog');
    for (const shown of ['12.3', '5.5', '41.3', '0.46', '88 %', '1 min 15 s', '0.900', '–', '“a dog”'])
      expect(page).toContain(shown);
    expect(page).toMatch(/aria-label="right">✓</);
    expect(page).toMatch(/aria-label="wrong">✗</);
    expect(page).toContain('also right: a dog');
  });

  it('tells why a picture was found, the strongest reason first, and which captions spoke for a tag', () => {
    const page = report('a dog');
    expect(page).toMatch(
      /<details class="why"><summary>why<\/summary>\s*<ul><li>−0.25 beach<\/li><li>\+0.10 a dog/,
    );
    expect(page).toContain('<p><strong>a dog</strong>: “a dog”</p>');
    expect(report('a', empty)).not.toContain('<details');
  });

  it('embeds pictures as they are, each with an alternative text', () => {
    const page = report('a dog');
    const images = [...page.matchAll(/<img src="data:image\/png;base64,([^"]+)" alt="([^"]*)"/g)];
    expect(images.length).toBe(3);
    for (const [, base64, alt] of images) {
      expect(Uint8Array.from(atob(base64!), (character) => character.charCodeAt(0))).toEqual(pixel);
      expect(alt).toBe('a dog');
    }
  });

  it.each([1, 2, 12_287, 12_288, 12_289, 50_000])('embeds a picture of %d bytes', (length) => {
    const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => (i * i) >> 3).subarray(3);
    const picture = { bytes, mime: 'image/png', alt: 'large' };
    const page = report('a dog', { queries: [{ words: 'a', results: [{ picture, score: 1 }] }] });
    const [, base64] = page.match(/<img src="data:image\/png;base64,([^"]+)" alt="large"/)!;
    expect(base64).toBe(Buffer.from(bytes).toString('base64'));
  });

  it('requests nothing and runs nothing', () => {
    const page = report('a dog');
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(/);
    for (const [, source] of page.matchAll(/\ssrc="([^"]{0,12})/g)) expect(source).toMatch(/^data:image/);
    expect([...page.matchAll(/https?:\/\/[^"]*/g)].map(([address]) => address)).toEqual([
      'https://example.org/?a=1&amp;b=2',
    ]);
  });

  it('has the same elements whatever the text says', () => {
    const plain = elements(report('plain'));
    expect(plain).toContain('table');
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<', '>', '"', "'", '&', '/', 'script', 'img', ' ', '=', '-->', 'é', '😀'), {
          maxLength: 12,
        }),
        (parts) => {
          expect(elements(report(parts.join('')))).toEqual(plain);
        },
      ),
    );
  });

  it('links to addresses of the web only', () => {
    const credit = { name: 'data', licence: 'MIT' };
    expect(report('a', { credits: [{ ...credit, url: 'javascript:alert(1)' }] })).not.toContain(
      'javascript:',
    );
    expect(report('a', { credits: [{ ...credit, url: 'https://a.b' }] })).toContain(
      '<a href="https://a.b">data',
    );
  });

  it('leaves out what there is nothing to show of', () => {
    expect(elements(report('a', empty))).not.toContain('section');
    expect(elements(report('a', { ...empty, correlations: [0.5] }))).toContain('svg');
    expect(report('a')).not.toContain('Pictures → words');
  });

  it('draws honest probabilities on the diagonal, boasting below it, and leaves empty bins out', () => {
    const honest = reliability([0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0], { bins: 4 });
    const boasting = reliability([1, 1], [0, 0], { bins: 4 });
    const page = report('a dog', {
      ...empty,
      reliability: [
        { name: 'all words', reliability: honest },
        { name: 'in <3', reliability: boasting },
      ],
    });
    expect(elements(page)).toContain('svg');
    expect(page).toContain('in &lt;3');
    const dots = [...page.matchAll(/<circle class="dot" cx="([\d.]+)" cy="([\d.]+)"/g)].map(
      ([, x, y]) => [Number(x), Number(y)] as const,
    );
    expect(dots).toHaveLength(2);
    // The diagonal of the first panel runs from its lower left to its upper right corner.
    const [, x1, x2, y1, y2] = page
      .match(/x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)"\/>\n<circle/)!
      .map(Number);
    const [x, y] = dots[0]!;
    expect((x - x1!) / (x2! - x1!)).toBeCloseTo(0.25, 2);
    expect((y - y1!) / (y2! - y1!)).toBeCloseTo(0.25, 2);
    expect(dots[1]![1]).toBeCloseTo(y1!, 1);
  });

  it('draws the correlations from left to right and downwards', () => {
    const points = /<polyline class="line" points="([^"]+)"/.exec(report('a'))![1]!.split(' ');
    const [x, y] = [0, 1].map((axis) => points.map((point) => Number(point.split(',')[axis])));
    expect(points.length).toBe(3);
    expect(x).toEqual(x!.toSorted((a, b) => a - b));
    expect(y).toEqual(y!.toSorted((a, b) => a - b));
  });

  it('refuses a picture that is none', () => {
    const picture = { bytes: pixel, mime: 'text/html" onload="', alt: 'x' };
    const queries = [{ words: 'x', results: [{ picture, score: 1 }] }];
    expect(() => report('a', { queries })).toThrow(/not a type of picture/);
  });
});
