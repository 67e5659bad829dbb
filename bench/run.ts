/**
 * Measures Covista's engines beside their peers and writes docs/performance.md: `npm run bench`, or with `-- --quick`
 * on small sizes in about a minute, which prints the tables only. Other arguments name the cases to run; each replaces
 * its own part of the document.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ccaFit } from './cases/cca-fit.ts';
import { growth } from './cases/growth.ts';
import { decompositions, kernels } from './cases/kernels.ts';
import { search } from './cases/search.ts';
import { streamedFit } from './cases/streamed-fit.ts';
import { wordVectors } from './cases/word-vectors.ts';
import { type Contestants, gather } from './contestants.ts';
import type { Section } from './report.ts';

const docs = join(import.meta.dirname, '../docs');
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const savePlot = async (name: string, svg: string) => {
  if (!quick) await writeFile(join(docs, `${name}.svg`), svg);
};
const cases: Record<string, (all: Contestants) => Promise<Section[]>> = {
  kernels: (all) => kernels(all, quick ? 1024 : 2048),
  ...(quick ? {} : { 'kernels-large': (all: Contestants) => kernels(all, 4096) }),
  decompositions,
  'cca-fit': ccaFit,
  search,
  'streamed-fit': streamedFit,
  'word-vectors': wordVectors,
  growth: (all) => growth(all, savePlot),
};

const all = await gather(quick);
const native = all.native ? `native engine: ${all.native.name}` : 'no native engine';
let machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}, ${native}`;
for (const line of all.missing) machine += `; left out: ${line}`;
console.log(machine);
try {
  for (const [name, run] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    let part = '';
    for (const { title, text } of await run(all)) part += `### ${title}\n\n${text}\n\n`;
    console.log(part);
    if (!quick) await replacePart(name, `Measured on ${machine}.\n\n${part}`);
  }
} finally {
  await all.close();
}

/** Puts results between the marks of their case in the document. */
async function replacePart(name: string, part: string): Promise<void> {
  const file = join(docs, 'performance.md');
  const before = await readFile(file, 'utf8');
  const begin = `<!-- ${name} -->\n`;
  const from = before.indexOf(begin) + begin.length;
  const to = before.indexOf(`<!-- end of ${name} -->`);
  if (from < begin.length || to < 0) throw new Error(`${file} has no marks for ${name}.`);
  await writeFile(file, `${before.slice(0, from)}\n${part}${before.slice(to)}`);
}
