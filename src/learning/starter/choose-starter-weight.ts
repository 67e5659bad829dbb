import type { Recipe } from '../../model/recipe.ts';
import { featuresWhere, type PairSource } from '../pairs.ts';
import { captionGroups } from '../train.ts';
import type { TrainOptions } from '../train-options.ts';
import { type Candidate, heldOutRanks } from './held-out-ranks.ts';
import type { Starter } from './starter.ts';
import { type StarterSpan, starterSpan } from './starter-span.ts';

/** What was chosen. */
export interface StarterChoice extends Candidate {
  /** One line that says why. */
  readonly reason: string;
}

/**
 * With fewer pictures of different words nothing can be chosen on them: they are added to the starter, whose pairs count this
 * much. It costs nothing where they are like the starter's, and is better than the whole weight where they are not. Where as
 * many have accepted tags only, the starter knows such pictures and counts once: on 79 photos of MS COCO, one of them with
 * words and ten with accepted tags, P@5 of the tags of the other photos is 31.0 instead of 28.4 (30.7 before it is taught).
 */
const CHOOSE_FROM = 20;
const FEW_WEIGHT = 0.1;

/** How often a pair of the starter may count beside an own pair; between them results differ by less than they vary. */
const WEIGHTS = [1, 0.1, 0.01];

/** Own pairs alone are taken where no mean rank is lower by more than this share: the simplest model, and well calibrated. */
const OWN_ENOUGH = 0.01;

/**
 * Chooses how much of a starter to learn from beside own pairs by the mean logarithm of the rank of what belongs
 * together, on own pairs held out in turn; pictures of the same words are held out together. Accepted tags are no such
 * pairs: the starter gave them itself. Of what differs from the best by less than a standard error of the difference,
 * picture by picture, that with most of the starter is taken (after the one-standard-error rule of Breiman et al.,
 * "Classification and Regression Trees", 1984, section 3.4.3): few pairs cannot show that the starter is to be forgotten.
 */
export async function chooseStarterWeight(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
  span: StarterSpan = starterSpan(starter, recipe, options.engine),
): Promise<StarterChoice> {
  if (pairs.captions.length === 0)
    return { from: 'starter', weight: 1, reason: 'Starter only: no picture of the library has words.' };
  const written = withoutAccepted(pairs);
  const pictures = written.captions.length;
  const different = new Set(captionGroups(written.captions)).size;
  if (different < CHOOSE_FROM) {
    const accepted = pairs.captions.length - pictures;
    const weight = accepted >= pictures ? 1 : FEW_WEIGHT;
    const others = accepted > 0 ? ', the others accepted tags' : '';
    const reason = `Starter x ${weight} and ${pairs.captions.length} own pictures: too few (${different}) have different words of their own to choose a weight on${others}.`;
    return { from: 'merged', weight, reason };
  }
  // Where nothing differs, own pairs that count like the starter's: they do no harm, and their words become known.
  const candidates: Candidate[] = [
    ...WEIGHTS.flatMap((weight): Candidate[] => [
      { from: 'merged', weight },
      ...(weight === 1 ? [{ from: 'starter', weight } as const] : []),
      { from: 'joined', weight },
    ]),
    { from: 'own', weight: 0 },
  ];
  const logRanks = await heldOutRanks(candidates, written, recipe, starter, options, span);
  const tried = candidates.map((candidate, i) => ({
    candidate,
    logRanks: logRanks[i]!,
    rank: mean(logRanks[i]!),
  }));
  const lowest = tried.reduce((one, other) => (other.rank < one.rank ? other : one));
  const own = tried.at(-1)!;
  const best =
    own.rank < lowest.rank + OWN_ENOUGH
      ? own
      : tried.find(({ logRanks }) => isAsGood(logRanks, lowest.logRanks))!;
  const shown = tried
    .filter((one) => one === best || one.candidate.from === 'starter' || one.candidate.from === 'own')
    .map(({ candidate, rank }) => `${nameOf(candidate)} ${Math.exp(rank).toFixed(2)}`);
  const name = nameOf(best.candidate);
  return {
    ...best.candidate,
    reason: `${name[0]!.toUpperCase()}${name.slice(1)}: chosen from ${tried.length} by the mean rank on ${pictures} own pictures held out in turn (${shown.join(', ')}).`,
  };
}

function nameOf({ from, weight }: Candidate): string {
  if (from === 'merged') return `starter x ${weight} and own`;
  if (from === 'joined') return `starter x ${weight} and own, joined with own`;
  return `${from} only`;
}

/** The pictures that have words of their own, not only accepted tags. */
function withoutAccepted(pairs: PairSource): PairSource {
  const isWritten = (position: number) =>
    pairs.captions[position]!.some((_, caption) => !pairs.isAccepted?.(position, caption));
  if (pairs.captions.every((_, i) => isWritten(i))) return pairs;
  return {
    encoder: pairs.encoder,
    captions: pairs.captions.filter((_, i) => isWritten(i)),
    async *features() {
      yield* featuresWhere(pairs.features(), isWritten);
    },
  };
}

/** Whether means of paired numbers differ by no more than the standard error of their difference. */
function isAsGood(some: readonly number[], best: readonly number[]): boolean {
  const differences = some.map((value, i) => value - best[i]!);
  const difference = mean(differences);
  const variance = mean(differences.map((value) => (value - difference) ** 2));
  return difference <= Math.sqrt(variance / differences.length);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
