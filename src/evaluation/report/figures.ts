import { CovistaError } from '../../base/errors.ts';
import { type Html, html, trusted } from './html.ts';
import { percent } from './numbers.ts';
import type {
  ReportExplanation,
  ReportPicture,
  ReportQuery,
  ReportTag,
  ReportTaggedPicture,
} from './report-data.ts';

/** Figure 1: each query with the pictures it finds, best first. */
export function queriesFigure(queries: readonly ReportQuery[]): Html {
  const judged = queries.some((query) => query.results.some((result) => result.right !== undefined));
  return html`<figure id="figure-1">
${queries.map(
  (query) => html`<section class="query" aria-label="Pictures for: ${query.words}">
<h3>“${query.words}”</h3>
<ol class="pictures">${query.results.map(
    (result) => html`
<li class="${judgement(result.right)}">${image(result.picture)}<span class="score">${mark(result.right)}${result.score.toFixed(2)}</span>${result.explanation && hitExplanation(result.explanation)}</li>`,
  )}
</ol>
</section>
`,
)}<figcaption><strong>Figure 1.</strong> For each query, the best pictures among those held out of training, with
their similarity; “why” opens what each word added to it. ${judged ? '✓ and a green frame: a picture that the query is known to describe.' : ''}</figcaption>
</figure>`;
}

/** Figure 2: held-out pictures with their tags. */
export function tagsFigure(pictures: readonly ReportTaggedPicture[]): Html {
  return html`<figure id="figure-2">
<ol class="tagged">${pictures.map(
    (tagged) => html`
<li>${image(tagged.picture)}
<div><ul class="tags">${tagged.tags.map(tagLine)}</ul>
${tagged.missed?.length ? html`<p class="missed">also right: ${tagged.missed.join(', ')}</p>` : undefined}${tagExplanation(tagged.tags)}</div></li>`,
  )}
</ol>
<figcaption><strong>Figure 2.</strong> Pictures held out of training and the tags they get, with probabilities.
<span class="right">✓ green: right.</span> <span class="wrong">✗ red: not among the words that people gave it.</span></figcaption>
</figure>`;
}

function tagLine(tag: ReportTag): Html {
  const width = (100 * Math.min(1, Math.max(0, tag.probability))).toFixed(1);
  return html`<li class="${judgement(tag.right)}">${mark(tag.right)}<span class="word">${tag.word}</span><span class="bar" aria-hidden="true"><span style="width:${width}%"></span></span><span class="probability">${percent(tag.probability)}</span></li>`;
}

/** What added up to a score, the strongest first, and captions that are near. */
function hitExplanation({ contributions, captions }: ReportExplanation): Html {
  const sorted = contributions.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  return html`
<details class="why"><summary>why</summary>
<ul>${sorted.map(({ name, value }) => html`<li>${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)} ${name}</li>`)}</ul>
${captions.map((caption) => html`<p>“${caption}”</p>`)}</details>`;
}

/** The captions that spoke for each tag. */
function tagExplanation(tags: readonly ReportTag[]): Html | undefined {
  const explained = tags.filter(({ captions }) => captions?.length);
  if (explained.length === 0) return undefined;
  return html`
<details class="why"><summary>why</summary>${explained.map(
    ({ word, captions }) =>
      html`<p><strong>${word}</strong>: ${captions!.map((caption) => `“${caption}”`).join(', ')}</p>`,
  )}</details>`;
}

function judgement(right: boolean | undefined): string {
  return right === undefined ? '' : right ? 'right' : 'wrong';
}

/** A sign besides the colour, and a word for screen readers. */
function mark(right: boolean | undefined): Html | undefined {
  if (right === undefined) return undefined;
  return html`<span class="mark ${judgement(right)}" role="img" aria-label="${judgement(right)}">${right ? '✓' : '✗'}</span>`;
}

function image(picture: ReportPicture): Html {
  if (!/^image\/[a-z0-9.+-]+$/.test(picture.mime))
    throw new CovistaError('bad-values', `"${picture.mime}" is not a type of picture ("${picture.alt}").`);
  // Base64 and the checked type hold nothing to escape; escaping would copy every picture once more.
  return html`<img src="${trusted(`data:${picture.mime};base64,${base64(picture.bytes)}`)}" alt="${picture.alt}" title="${picture.alt}">`;
}

/** As many bytes as become the arguments of one call. */
const CHUNK = 3 * 4096;

/** In Node and in browsers. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK)
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + CHUNK)));
  return text;
}
