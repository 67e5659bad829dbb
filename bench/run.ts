/**
 * Measures Covista's engines beside their peers and writes docs/performance.md: `npm run bench`, or with `-- --quick`
 * on small sizes in about a minute, which prints the tables only. Other arguments name the cases to run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ccaFit } from './cases/cca-fit.ts';
import { growth } from './cases/growth.ts';
import { kernels } from './cases/kernels.ts';
import { search } from './cases/search.ts';
import { streamedFit } from './cases/streamed-fit.ts';
import { type Contestants, gather } from './contestants.ts';
import type { Section } from './report.ts';

const docs = join(import.meta.dirname, '../docs');
const begin = '<!-- npm run bench writes from here -->';
const end = '<!-- to here -->';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const savePlot = async (name: string, svg: string) => {
  if (!quick) await writeFile(join(docs, `${name}.svg`), svg);
};
const cases: Record<string, (all: Contestants) => Promise<Section[]>> = {
  kernels,
  'cca-fit': ccaFit,
  search,
  'streamed-fit': streamedFit,
  growth: (all) => growth(all, savePlot),
};

const all = await gather(quick);
const native = all.native ? `native engine: ${all.native.name}` : 'no native engine';
let report = `Measured on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; ${native}. Interleaved runs; "time /" compares the fastest run of each.\n`;
for (const line of all.missing) report += `\nLeft out: ${line}.\n`;
console.log(report);
try {
  for (const [name, run] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const { title, text } of await run(all)) {
      const section = `### ${title}\n\n${text}\n`;
      console.log(section);
      report += `\n${section}`;
    }
  }
} finally {
  await all.close();
}
if (!quick && wanted.length === 0) {
  const file = join(docs, 'performance.md');
  const before = await readFile(file, 'utf8');
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  await writeFile(file, `${before.slice(0, from + begin.length)}\n\n${report}\n${before.slice(to)}`);
}
