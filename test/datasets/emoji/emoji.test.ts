import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { CovistaError } from '../../../src/base/errors.ts';
import {
  EMOJI_ARTISTS,
  EMOJI_LANGUAGES,
  type EmojiSet,
  emojiSources,
  loadEmoji,
} from '../../../src/datasets/index.ts';

// Fetched from the npm registry at first use: without a network only the checks of arguments run.
const english = await loadEmoji().catch((error: unknown) => {
  if (error instanceof CovistaError && error.code === 'network') return undefined;
  throw error;
});

describe.skipIf(english === undefined)('the emoji set (needs the npm registry once)', () => {
  let emoji: EmojiSet;
  beforeAll(() => {
    emoji = english!;
  });

  it('holds the 1,594 emoji that four artists drew, without skin tones', () => {
    expect(emoji.concepts).toHaveLength(1594);
    expect(emoji.pictures).toHaveLength(4 * 1594);
    expect(new Set(emoji.concepts.map(({ key }) => key)).size).toBe(1594);
    for (const { character } of emoji.concepts) expect(character).not.toMatch(/\p{Emoji_Modifier}/u);
    for (const [i, { concept, artist }] of emoji.pictures.entries()) {
      expect(concept).toBe(i % 1594);
      expect(artist).toBe(EMOJI_ARTISTS[Math.floor(i / 1594)]);
    }
  });

  it('joins the words of all sources, each once', () => {
    const turtle = emoji.concepts.find(({ character }) => character === '🐢')!;
    expect(turtle).toMatchObject({ key: '1f422', group: 'animals-nature', category: 'animal-reptile' });
    expect(turtle.words[0]).toBe('turtle');
    // From emojibase, openmoji and emojilib in turn.
    expect(turtle.words).toEqual(expect.arrayContaining(['terrapin', 'tortoise', 'slow']));
    for (const { words } of emoji.concepts) {
      expect(words.length).toBeGreaterThan(0);
      expect(new Set(words.map((word) => word.toLowerCase())).size).toBe(words.length);
      for (const word of words) expect(word).not.toMatch(/[_,]|^[:;<]/);
    }
  });

  it('renders at 256 x 256 pixels, a different picture by each artist', async () => {
    const turtle = emoji.concepts.findIndex(({ character }) => character === '🐢');
    const renderings = await Promise.all(
      emoji.pictures
        .filter(({ concept }) => concept === turtle)
        .map(({ svg }) =>
          sharp(Buffer.from(svg))
            .flatten({ background: 'white' })
            .raw()
            .toBuffer({ resolveWithObject: true }),
        ),
    );
    const greens = renderings.map(({ data, info }) => {
      expect([info.width, info.height]).toEqual([256, 256]);
      let green = 0;
      for (let i = 0; i < data.length; i += info.channels)
        if (data[i + 1]! > data[i]! && data[i + 1]! > data[i + 2]!) green++;
      return green / (256 * 256);
    });
    for (const green of greens) expect(green).toBeGreaterThan(0.1);
    expect(new Set(greens).size).toBe(4);
  });

  it('speaks other languages', async () => {
    expect(EMOJI_LANGUAGES).toHaveLength(28);
    for (const language of ['bn', 'es-mx', 'zh-hant']) {
      const { concepts } = await loadEmoji({ language });
      expect(concepts.map(({ key }) => key)).toEqual(emoji.concepts.map(({ key }) => key));
    }
    const german = await loadEmoji({ language: 'de' });
    expect(german.concepts.find(({ key }) => key === '1f422')!.words).toContain('Schildkröte');
    expect(german.credits.map(({ name }) => name)).not.toContain('emojilib');
  });

  it('names licences and credits of all it is made of', () => {
    expect(emoji.credits).toHaveLength(7);
    for (const { licence, credit } of emoji.credits)
      expect(`${licence} ${credit}`).toMatch(/^(?:Apache-2\.0|CC-BY-4\.0|CC-BY-SA-4\.0|MIT) \S/);
  });
});

describe('loadEmoji', () => {
  it('lists the languages when there is none of that name', async () => {
    await expect(loadEmoji({ language: 'tlh' })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('de'),
    });
    expect(() => emojiSources('tlh')).toThrow(CovistaError);
  });
});
