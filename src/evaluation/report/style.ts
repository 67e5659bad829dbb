/** The report's style sheet: light and dark by the reader's setting, always light on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fdfdfb; --ink: #1d1f23; --soft: #5c6068; --rule: #d9d8d2; --faint: #ecebe6; --tile: #f3f2ee;
  --accent: #2b5c9e; --area: #2b5c9e1f; --right: #17702f; --wrong: #b3261e;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Palatino Linotype", "Noto Serif", Georgia, serif;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --ink: #e4e3de; --soft: #a3a6ad; --rule: #3a3d43; --faint: #26292e; --tile: #1e2024;
    --accent: #8db6ee; --area: #8db6ee24; --right: #6fce86; --wrong: #ff8f84;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1.0625rem/1.6 var(--serif); }
main { max-width: 58rem; margin: 0 auto; padding: 4rem 1.5rem 5rem; }
h1 { font-size: 2.125rem; line-height: 1.2; font-weight: 600; letter-spacing: -0.01em; margin: 0 0 1rem; text-wrap: balance; }
h2 { font-size: 1.3125rem; line-height: 1.3; font-weight: 600; margin: 3.5rem 0 1rem; }
h3 { font-size: 1.0625rem; font-weight: 400; font-style: italic; margin: 0 0 .5rem; }
p { margin: 0 0 1rem; max-width: 42rem; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: .15em; }
.summary { font-size: 1.1875rem; }
.origin { font: .8125rem/1.5 var(--sans); color: var(--soft); }
.origin span + span::before { content: "·"; margin: 0 .5em; }

table { border-collapse: collapse; font: .875rem/1.4 var(--sans); font-variant-numeric: tabular-nums; }
caption { text-align: left; }
th { font-weight: 400; text-align: left; }
.scroll { overflow-x: auto; margin: 0 0 2rem; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; }
.results { width: 100%; border-bottom: 1.5px solid var(--ink); }
.results caption { font: .9375rem/1.5 var(--serif); color: var(--soft); padding: 0 0 .625rem; }
.results caption strong { color: var(--ink); }
.results thead { border-top: 1.5px solid var(--ink); border-bottom: 1px solid var(--ink); }
.results th, .results td { padding: .375rem; text-align: right; white-space: nowrap; }
.results th:first-child, .results td:first-child { text-align: left; padding-left: 0; }
.results th[scope=colgroup] { text-align: center; color: var(--soft); padding-bottom: 0; }
.results th[scope=colgroup] span { display: block; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; margin-left: .875rem; }
.results thead th[scope=col] { color: var(--soft); }
.results .first { padding-left: 1.125rem; }
.results td small { display: block; font-size: .75rem; line-height: 1.25; font-weight: 400; color: var(--soft); white-space: normal; width: min-content; margin-left: auto; }
.results .main { font-weight: 650; }
.results .main th { font-weight: 650; }
.results .chance { color: var(--soft); }
.results tbody tr:first-child > * { padding-top: .5rem; }
.results tbody tr:last-child > * { padding-bottom: .5rem; }
.legend { font-size: .9375rem; color: var(--soft); }

figure { margin: 0 0 2.5rem; }
figcaption { font-size: .9375rem; line-height: 1.5; color: var(--soft); max-width: 46rem; margin-top: .75rem; }
figcaption strong { color: var(--ink); }
ol, ul { list-style: none; margin: 0; padding: 0; }
img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; background: var(--tile); border-radius: 3px; }
.query { margin-bottom: 1.75rem; break-inside: avoid; }
.pictures { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: .625rem; }
.score { display: block; font: .8125rem/1.4 var(--sans); font-variant-numeric: tabular-nums; color: var(--soft); margin-top: .25rem; }
.pictures .right img { outline: 3px solid var(--right); outline-offset: -3px; }
.mark { display: inline-block; width: 1.15em; font: 600 .8125rem/1.4 var(--sans); }
.right { color: var(--right); }
.wrong { color: var(--wrong); }

.tagged { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.5rem 2rem; }
.tagged > li { display: grid; grid-template-columns: minmax(0, 9.5rem) minmax(11rem, 1fr); gap: 1rem; align-items: start; break-inside: avoid; }
.tags li { display: grid; grid-template-columns: 1.15rem minmax(0, 1fr) clamp(2rem, 25%, 4.5rem) 3.25rem; align-items: center; gap: .25rem; font: .875rem/1.6 var(--sans); }
.tags li > .word:first-child { grid-column: 1 / 3; }
.word { overflow-wrap: anywhere; }
.bar > span { display: block; height: .375rem; border-radius: 2px; background: currentColor; opacity: .5; }
.tags .bar { background: var(--faint); border-radius: 2px; }
.probability { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--soft); }
.why { font: .75rem/1.45 var(--sans); color: var(--soft); margin-top: .25rem; overflow-wrap: anywhere; }
.why summary { cursor: pointer; }
.why ul { list-style: none; padding: 0; margin: .25rem 0; font-variant-numeric: tabular-nums; }
.why p { margin: .25rem 0; }
.missed { font: .8125rem/1.45 var(--sans); color: var(--soft); margin: .375rem 0 0; }

.plot { display: block; width: 100%; height: auto; overflow: visible; }
.plot text { font: 12px var(--sans); fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .grid { stroke: var(--faint); }
.plot .axis { stroke: var(--soft); }
.plot .line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.plot .area { fill: var(--area); }
.plot .dot { fill: var(--accent); }

.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2rem 3rem; align-items: start; }
.details { width: 100%; }
.details caption { font: 600 .9375rem/1.5 var(--serif); padding-bottom: .375rem; }
.details tr { border-top: 1px solid var(--faint); }
.details tbody tr:first-child { border-top: 1px solid var(--rule); }
.details tfoot tr { border-top: 1px solid var(--rule); }
.details th, .details td { padding: .3125rem .75rem .3125rem 0; vertical-align: top; }
.details th { color: var(--soft); }
.details td { text-align: right; padding-right: 0; overflow-wrap: anywhere; }
.timings td { white-space: nowrap; }
.timings .bar { width: 35%; padding-left: 1rem; color: var(--accent); vertical-align: middle; }
.credits li { font-size: .9375rem; line-height: 1.5; max-width: 46rem; margin-bottom: .375rem; }

@media screen and (max-width: 44rem) {
  main { padding-top: 2rem; }
  .pictures { grid-template-columns: repeat(3, 1fr); }
  .tagged { grid-template-columns: 1fr; }
}
@media print {
  @page { margin: 18mm 16mm; }
  body { font-size: 10.5pt; background: none; }
  main { padding: 0; max-width: none; }
  h1 { font-size: 20pt; }
  h2 { margin-top: 2rem; break-after: avoid; }
  h3 { break-after: avoid; }
  .scroll { overflow: visible; break-inside: avoid; }
  .results { font-size: 8.5pt; }
  .results th, .results td { padding-left: .25rem; padding-right: .25rem; }
  #figure-3, .details { break-inside: avoid; }
  figcaption { break-before: avoid; }
  a { color: inherit; }
  img, .bar > span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
