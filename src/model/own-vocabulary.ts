import { CovistaError } from '../base/errors.ts';
import { evenly } from '../base/sampling.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, selectRows } from '../linalg/matrix.ts';
import {
  calibratedScorer,
  captionVote,
  combinedScorer,
  findPhrases,
  type IndexRows,
  indexRow,
  indexRows,
  innerProductScorer,
  joinTags,
  logistic,
  logisticRegression,
  type OwnVocabulary,
  raiseParents,
  restrictTags,
  type Scorer,
} from '../retrieval/index.ts';
import { segmentWords } from '../text/index.ts';
import { embedTexts, type Model } from './model.ts';
import { tagScorer } from './tagging.ts';

/** How the names of a vocabulary are scored. */
export interface VocabularyScorer {
  readonly scorer: Scorer;
  readonly names: readonly string[];
  /** Names that nothing is known of, neither from captions nor from word vectors. */
  readonly unknown: readonly string[];
}

/** Training pictures that tell what a cosine means. */
const MEASURED_ON = 200;

/**
 * Scores the names of a vocabulary of one's own in place of the model's tags:
 *
 * - a tag of the model as ever;
 * - a phrase that training captions hold by their votes for it;
 * - any other words that have vectors by their cosine with the picture, as probable as the model's rarer half of tags
 *   is at that cosine, which is a guess;
 * - a name with others under it at least as high as the best of those.
 * @param pictures embeddings, n x k
 * @throws CovistaError `usage` when nothing is known of any name
 */
export async function vocabularyScorer(
  model: Model,
  vocabulary: OwnVocabulary,
  pictures: Matrix32,
  engine: Engine,
): Promise<VocabularyScorer> {
  const { names, children } = vocabulary;
  const position = new Map(model.tags.map((tag, i) => [tag, i]));
  const phrases = captionPhrases(
    model,
    names.filter((name) => !position.has(name) && name.includes(' ')),
  );
  const others = names.filter((name) => !position.has(name) && !phrases.names.includes(name));
  const unknown = others.filter((name) => model.text.known(name) === 0);
  if (unknown.length === names.length)
    throw new CovistaError('usage', `None of the ${names.length} words of the vocabulary is known.`, {
      hint: 'The model knows the words of its training captions and of its word vectors.',
    });
  const scorers = [await tagScorer(model, pictures, engine)];
  const sources = [...model.tags];
  const add = (scorer: Scorer, added: readonly string[]) => {
    scorers.push(scorer);
    sources.push(...added);
  };
  if (phrases.names.length > 0) add(phraseScorer(model, phrases, pictures, engine), phrases.names);
  if (others.length > 0) add(await cosineScorer(model, others, pictures, engine), others);
  const all = new Map(sources.map((name, i) => [name, i]));
  const chosen = restrictTags(
    joinTags(scorers),
    names.map((name) => all.get(name)!),
  );
  const leaves = unknown.filter((name) => indexRow(children, names.indexOf(name)).length === 0);
  return { scorer: raiseParents(chosen, children), names, unknown: leaves };
}

/** The model's tags and the phrases of two words that its training captions hold far more often than by chance. */
export function tagsWithPhrases(model: Model): OwnVocabulary {
  const { language } = model.text.toJSON();
  const captions = (model.bank?.texts ?? []).map((text) => segmentWords(text, language));
  const names = [...model.tags, ...findPhrases(captions, model.tags).map(({ text }) => text)];
  return { names, children: indexRows(names.map(() => [])) };
}

/** Phrases, and where training captions hold them. */
interface CaptionPhrases {
  readonly names: readonly string[];
  /** Of each caption of the bank. */
  readonly words: IndexRows;
}

function captionPhrases(model: Model, wanted: readonly string[]): CaptionPhrases {
  const { language } = model.text.toJSON();
  const texts = wanted.length === 0 ? [] : (model.bank?.texts ?? []);
  const captions = texts.map((text) => ` ${segmentWords(text, language).join(' ')} `);
  const names = wanted.filter((name) => captions.some((caption) => caption.includes(` ${name} `)));
  return {
    names,
    words: indexRows(
      captions.map((caption) => [...names.keys()].filter((i) => caption.includes(` ${names[i]} `))),
    ),
  };
}

function phraseScorer(
  model: Model,
  { names, words }: CaptionPhrases,
  pictures: Matrix32,
  engine: Engine,
): Scorer {
  const { bank, direct, calibration, recipe } = model;
  const owners = bank!.pictures?.of ?? Uint32Array.from(bank!.correction.keys());
  /** The captions of each picture that say each phrase. */
  const said = new Map<number, number[]>();
  for (let caption = 0; caption < owners.length; caption++)
    for (const phrase of indexRow(words, caption))
      said.set(owners[caption]!, [...(said.get(owners[caption]!) ?? []), phrase]);
  const frequencies = new Uint32Array(names.length);
  for (const phrases of said.values()) for (const phrase of new Set(phrases)) frequencies[phrase]! += 1;
  const pictureCount = owners.reduce((most, picture) => Math.max(most, picture + 1), 0);
  const agreed = Array.from({ length: pictureCount }, (_, picture) => {
    const phrases = said.get(picture) ?? [];
    return phrases.filter((phrase, i) => phrases.indexOf(phrase) < i);
  });
  const votes = captionVote(
    engine,
    pictures,
    {
      ...bank!,
      words,
      vocabulary: names.length,
      pictures: bank!.pictures && { of: owners, words: indexRows(agreed) },
    },
    recipe.tags.method === 'vote' ? { temperature: recipe.tags.temperature } : {},
  );
  // No regression knows the phrase: the vote speaks for it, too.
  const scores = direct === undefined ? votes : combinedScorer([votes, votes], direct.combination);
  return calibration === undefined ? scores : calibratedScorer(scores, calibration, frequencies);
}

/** Words of no caption, on the scale of the model's rarer tags where these have probabilities. */
async function cosineScorer(
  model: Model,
  names: readonly string[],
  pictures: Matrix32,
  engine: Engine,
): Promise<Scorer> {
  const known = names.map((name) => model.text.known(name) > 0);
  const cosines = innerProductScorer(engine, pictures, await embedTexts(model, names, engine));
  const { queries } = model;
  const weights =
    model.bank === undefined || queries === undefined
      ? undefined
      : await cosineWeights(model, queries.pictures, engine);
  return {
    queries: cosines.queries,
    items: cosines.items,
    async block(from, to) {
      const block = await cosines.block(from, to);
      for (let p = 0; p < block.data.length; p++) {
        if (!known[p % names.length]) block.data[p] = 0;
        else if (weights !== undefined) block.data[p] = logistic([1, block.data[p]!], weights);
      }
      return block;
    },
  };
}

/** a and b of logit p = a + b cosine, for the model's rarer half of tags on some of the training pictures. */
async function cosineWeights(model: Model, bank: Matrix32, engine: Engine): Promise<Float64Array> {
  const rows = evenly(
    Array.from({ length: bank.rows }, (_, i) => i),
    MEASURED_ON,
  );
  const pictures = selectRows(bank, rows);
  const rare = model.tags.map((_, i) => i).slice(model.tags.length >> 1);
  const expected = await restrictTags(await tagScorer(model, pictures, engine), rare).block(0, rows.length);
  const texts = await embedTexts(
    model,
    rare.map((i) => model.tags[i]!),
    engine,
  );
  const { data: cosines } = await engine.multiply(pictures, texts, { transposeB: true });
  const inputs = Float64Array.of(1, 0);
  return logisticRegression(
    (visit) => {
      for (let p = 0; p < cosines.length; p++) {
        inputs[1] = cosines[p]!;
        visit(inputs, Math.min(1, Math.max(0, expected.data[p]!)));
      }
    },
    Float64Array.of(-7, 5),
    { ridge: 1, least: [Number.NEGATIVE_INFINITY, 0] },
  );
}
