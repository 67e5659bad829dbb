import { type Html, html } from './html.ts';
import { duration } from './numbers.ts';
import type { ReportCredit, ReportSetting, ReportTiming } from './report-data.ts';

/** The settings, a name and a value a row. */
export function settingsTable(settings: readonly ReportSetting[]): Html {
  return html`<table class="details">
<caption>Settings</caption>
<tbody>${settings.map(
    (setting) => html`
<tr><th scope="row">${setting.name}</th><td>${setting.value}</td></tr>`,
  )}
</tbody>
</table>`;
}

/** Where the time went, with bars in proportion and the sum. */
export function timingsTable(timings: readonly ReportTiming[]): Html {
  const longest = Math.max(...timings.map((timing) => timing.seconds));
  const total = timings.reduce((sum, timing) => sum + timing.seconds, 0);
  return html`<table class="details timings">
<caption>Time</caption>
<tbody>${timings.map(
    (timing) => html`
<tr><th scope="row">${timing.step}</th><td>${duration(timing.seconds)}</td><td class="bar" aria-hidden="true"><span style="width:${((100 * timing.seconds) / longest).toFixed(1)}%"></span></td></tr>`,
  )}
</tbody>
<tfoot><tr><th scope="row">Total</th><td>${duration(total)}</td><td></td></tr></tfoot>
</table>`;
}

/** Data and models with their licences. */
export function creditsList(credits: readonly ReportCredit[]): Html {
  return html`<ul class="credits">${credits.map(
    (credit) => html`
<li>${name(credit)}, ${credit.licence}.${credit.note ? ` ${credit.note}` : ''}</li>`,
  )}
</ul>`;
}

function name(credit: ReportCredit): Html {
  // Only addresses of the web become links: `javascript:` would run in the reader's browser.
  return credit.url && /^https?:\/\//.test(credit.url)
    ? html`<a href="${credit.url}">${credit.name}</a>`
    : html`<strong>${credit.name}</strong>`;
}
