import { comparisonTable } from './comparison-table.ts';
import { correlationPlot } from './correlation-plot.ts';
import { creditsList, settingsTable, timingsTable } from './details.ts';
import { queriesFigure, tagsFigure } from './figures.ts';
import { type Html, html, trusted } from './html.ts';
import { reliabilityPlot } from './reliability-plot.ts';
import type { ReportData } from './report-data.ts';
import { resultsTable } from './results-table.ts';
import { style } from './style.ts';

/**
 * One HTML file that shows what was learned and how well: tables of results, the pictures that queries find, the tags
 * that pictures get, the canonical correlations, settings, timings and credits. Pictures and style are inside; it
 * runs no script and requests nothing, which its content security policy enforces.
 * @throws CovistaError `bad-values` for a picture whose type is not one of pictures
 */
export function renderReport(data: ReportData): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${data.title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
<header>
<h1>${data.title}</h1>
<p class="summary">${data.summary}</p>
${data.origin?.length ? html`<p class="origin">${data.origin.map((part) => html`<span>${part}</span>`)}</p>` : undefined}
</header>
${section('Results', data.evaluations.length > 0, () => [
  ...data.evaluations.map(resultsTable),
  ...(data.comparisons ?? []).map(comparisonTable),
  legend,
])}
${section('Words find pictures', data.queries.length > 0, () => queriesFigure(data.queries))}
${section('Pictures find words', data.taggedPictures.length > 0, () => tagsFigure(data.taggedPictures))}
${section('Canonical correlations', data.correlations.length > 0, () => correlationPlot(data.correlations))}
${section('Probabilities of tags', (data.reliability ?? []).length > 0, () => reliabilityPlot(data.reliability!))}
${section('How it was made', data.settings.length + data.timings.length > 0, () => details(data))}
${section('How it was measured', data.method.length > 0, () => data.method.map((text) => html`<p>${text}</p>`))}
${section('Data and licences', data.credits.length > 0, () => creditsList(data.credits))}
</main>
</body>
</html>
`.html;
}

const legend = html`<p class="legend">All in per cent, higher is better, but for the median of the ranks, which counts from 1
and is better low. R@K: share of queries whose right answer is among the first K. P@5: share of right ones among five
tags; R@5: share of the right tags that are among five; mAP: mean average precision over all tags that could be given, or
over all pictures. P@10: share of right ones among the first ten pictures for a single word.
Equal scores count against the system.</p>`;

function section(heading: string, shown: boolean, content: () => Html | readonly Html[]): Html | undefined {
  return shown ? html`<section>\n<h2>${heading}</h2>\n${content()}\n</section>` : undefined;
}

function details(data: ReportData): Html {
  return html`<div class="columns">
${data.settings.length > 0 ? settingsTable(data.settings) : undefined}
${data.timings.length > 0 ? timingsTable(data.timings) : undefined}
</div>`;
}
