import type { ExplainedHit, ExplainedPart, ExplainedTag } from '../pipeline/index.ts';
import { printable } from './printable.ts';
import { count, paint } from './terminal.ts';

/** A hit, what each part of the query added to its score, and the captions that carried it. */
export function explainedHit(hit: ExplainedHit, rank: number, name: string): string {
  const several = hit.parts.length > 1;
  const lines = hit.parts.map((part) => `${several ? `${partName(part)}: ` : ''}${contributions(part)}`);
  if (hit.hubness !== 0)
    lines.push(
      `${signed(hit.hubness)} ${hit.hubness < 0 ? 'near to words of all kinds' : 'seldom near to words'}`,
    );
  return [
    `${rank}. ${paint('bold', name)} ${hit.score.toFixed(3)}`,
    ...lines.map((line) => `     ${line}`),
    ...hit.captions.map(({ text, toQuery, toHit }) =>
      paint(
        'dim',
        `     "${printable(text)}" (to the query ${toQuery.toFixed(2)}, to the picture ${toHit.toFixed(2)})`,
      ),
    ),
  ].join('\n');
}

/** The tags of a picture, and the captions that voted for each. */
export function explainedTags(name: string, tags: readonly ExplainedTag[]): string {
  return [
    paint('bold', name),
    ...tags.flatMap(({ word, score, level, share, voters, captions }) => [
      `  ${printable(word)} ${score.toFixed(2)}${level === undefined ? '' : ` ${level}`}${voters > 0 ? paint('dim', ` ${percent(share)} of the votes, from ${count(voters)} captions`) : ''}`,
      ...captions.map(({ text, share }) =>
        paint('dim', `     ${percent(share).padStart(6)} "${printable(text)}"`),
      ),
    ]),
  ].join('\n');
}

/** Words first, the strongest in front; then what the part adds whatever its words are. */
function contributions({ text, words, constant }: ExplainedPart): string {
  if (text === undefined) return `${signed(constant)} the picture`;
  const sorted = words.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  return [
    ...sorted.map(
      ({ word, contribution, tag }) =>
        `${signed(contribution)} ${word}${tag ? ` (tag ${tag.toFixed(2)})` : ''}`,
    ),
    `${signed(constant)} any words`,
  ].join('   ');
}

const partName = ({ text, weight }: ExplainedPart) =>
  `${weight === 1 ? '' : `${weight} x `}${text === undefined ? 'picture' : printable(text)}`;

const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
