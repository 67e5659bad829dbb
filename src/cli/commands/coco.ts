import { resolve } from 'node:path';
import { Command } from 'commander';
import { replaceFile } from '../../files/replace-file.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { qualityOf, RECIPES } from '../../pipeline/index.ts';
import { type CocoExperiment, type CocoResult, runCoco } from '../../showcases/coco.ts';
import { findCoco } from '../../showcases/coco-folders.ts';
import { cocoReport, cocoTables } from '../../showcases/coco-report.ts';
import { sentencesFor, withLibraryAndEncoder, wordVectorsFor } from '../context.ts';
import { jsonOption, libraryOption, quietOption, textEncoderOption, vectorsOption } from '../options.ts';
import { qualityTable } from '../quality-table.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, paint, shown } from '../terminal.ts';

const EXAMPLES = `
Example:
  covista coco --root ~/coco --library coco-library

The folder holds train2017/, val2017/ and annotations/captions_{train,val}2017.json, or those of 2014, as unpacked from
the archives of https://cocodataset.org. Photos are encoded into the library once; after an interruption it goes on
where it was. Then: covista search "a man playing tennis" --library coco-library`;

interface Options extends CommonOptions {
  readonly root: string;
  readonly year?: number;
  readonly library: string;
  readonly report: string;
  readonly encoder?: string;
  readonly vectors: string;
  readonly textEncoder?: string;
}

/** `covista coco --root <dir>` */
export function cocoCommand(): Command {
  return new Command('coco')
    .requiredOption('--root <dir>', 'folder in which the official archives were unpacked')
    .option('--year <year>', '2014 or 2017 (default: what is there, 2017 of both)', Number)
    .addOption(libraryOption().default('coco-library'))
    .option('--report <file>', 'where to write the report', 'report.html')
    .option('-e, --encoder <encoder>', 'image encoder (default: that of the library, or "default")')
    .addOption(vectorsOption())
    .addOption(textEncoderOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const { train } = findCoco(options.root, options.year);
        const engine = await createEngine();
        try {
          const { vectors } = options;
          const wordVectors = await wordVectorsFor(RECIPES.default!, vectors, work);
          const sentences = await sentencesFor(options, work);
          const experiment = await withLibraryAndEncoder(
            options.library,
            options.encoder,
            work,
            (library, encoder) =>
              runCoco(library, encoder, { ...work, ...options, ...sentences, engine, wordVectors, vectors }),
            train.photos,
          );
          const date = new Date().toLocaleDateString('en-GB', { dateStyle: 'long' });
          await replaceFile(options.report, await cocoReport(experiment, ['covista coco', date]));
          return { text: describe(experiment, options.report), json: asJson(experiment, options.report) };
        } finally {
          await engine.close();
        }
      }),
    );
}

function describe(experiment: CocoExperiment, report: string): string {
  const { folders, ours, queries, taggings } = experiment;
  const { pictures, captions } = ours.model.trained;
  return [
    `Learned from ${count(pictures)} photos of ${folders.train.name} with ${count(captions)} captions.`,
    ...cocoTables(experiment).map(({ name, description, ours, article }) =>
      [
        `${paint('bold', `${name}. `)}${description}`,
        qualityTable([
          { name: 'Covista', quality: ours },
          { name: 'plain recipe', quality: article },
          { name: 'chance', quality: ours.chance },
        ]),
      ].join('\n\n'),
    ),
    ...queries.map(
      ({ words, results }) =>
        `${paint('bold', `"${words}"`)}\n${results.map(({ path }) => `  ${shown(path)}`).join('\n')}`,
    ),
    taggings
      .map(
        ({ path, tags }) =>
          `${shown(path)}: ${tags.map(({ word, right }) => paint(right ? 'green' : 'red', `${word}${right ? '' : ' ✗'}`)).join(', ')}`,
      )
      .join('\n'),
    `The report: ${paint('bold', resolve(report))}`,
  ].join('\n\n');
}

function asJson(experiment: CocoExperiment, report: string) {
  const { folders, indexed, validationPictures, ours, article, queries, taggings } = experiment;
  const result = ({ model, thousand, all, seconds }: CocoResult) => ({
    recipe: model.recipe.name,
    trained: model.trained,
    thousand,
    all: { ...qualityOf(all), chance: all.chance, tested: all.tested },
    seconds,
  });
  return {
    report: resolve(report),
    folders,
    indexed,
    validationPictures,
    default: result(ours),
    article: result(article),
    queries,
    taggings,
  };
}
