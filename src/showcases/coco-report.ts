import { thumbnail } from '../encoders/image/index.ts';
import { type ReportPicture, renderReport } from '../evaluation/index.ts';
import { modelSettings, reportSystems } from '../experiments/report-parts.ts';
import type { CocoExperiment } from './coco.ts';

/** The experiment's results and its two figures as one self-contained HTML page. */
export async function cocoReport(experiment: CocoExperiment, origin: readonly string[]): Promise<string> {
  const { folders, ours, article, queries, taggings } = experiment;
  const { trained, space } = ours.model;
  const { tested } = ours.all;
  const number = (value: number) => value.toLocaleString('en-US');
  const picture = async (path: string, alt: string): Promise<ReportPicture> => ({
    bytes: await thumbnail(path),
    mime: 'image/jpeg',
    alt,
  });
  return renderReport({
    title: `Words and photos of MS COCO ${folders.year}`,
    summary: `A joint space of photos and words, learned by canonical correlation analysis from ${number(trained.pictures)} photos of ${folders.train.name} with ${number(trained.captions)} captions. Among ${number(tested.pictures)} photos of ${folders.validation.name}, which it never saw, a caption finds its photo among the first ten in ${ours.all.textToImage['recall@10'].toFixed(0)} % of the cases, and ${ours.all.imageToTag['precision@5'].toFixed(0)} % of the five words given to a photo are right.`,
    origin,
    evaluations: cocoTables(experiment).map(({ name, description, ours, article }) => ({
      name,
      description,
      systems: reportSystems(ours, article),
    })),
    queries: await Promise.all(
      queries.map(async ({ words, results }) => ({
        words,
        results: await Promise.all(
          results.map(async ({ path, score }, i) => ({
            picture: await picture(path, `Photo ${i + 1} for "${words}"`),
            score,
          })),
        ),
      })),
    ),
    taggedPictures: await Promise.all(
      taggings.map(async ({ path, captions, tags }) => ({
        picture: await picture(path, captions[0]!),
        tags: tags.map(({ word, score, right }) => ({ word, probability: score, right })),
      })),
    ),
    correlations: space.correlations,
    settings: modelSettings(ours.model),
    timings: [
      { step: 'learn and test: default recipe', seconds: ours.seconds.fit + ours.seconds.test },
      { step: 'learn and test: article recipe', seconds: article.seconds.fit + article.seconds.test },
    ],
    credits: [
      {
        name: `MS COCO ${folders.year}`,
        licence: 'captions CC BY 4.0, photos under their Flickr licences',
        note: 'Lin et al., ECCV 2014; Chen et al., arXiv:1504.00325',
        url: 'https://cocodataset.org',
      },
    ],
    method: [
      'Nothing of the validation photos was learned from. Every caption is one query against all photos; every photo is one query against all captions, of which its own best-ranked one counts. The first five captions of a photo are used.',
      'With 1,000 photos or more, they are also tested in folds of 1,000 by file name, at most five, and the numbers are the mean over these (the 1K protocol). The 5K protocol tests 5,000 at once.',
      'True words of a photo: those in at least two of its captions, stop words left out, that tags are chosen from.',
      'Single words: every category of objects, or where they are not there every tag, is one query against all photos, of which those that have it are right; P@10 is the mean over words that are true of 10 photos or more.',
    ],
  });
}

/** The tables of the experiment, and how many photos each of them is about. */
export function cocoTables({ folders, ours, article, validationPictures }: CocoExperiment) {
  const photos = `${validationPictures.toLocaleString('en-US')} photos of ${folders.validation.name}`;
  const fewer = validationPictures < 5000 ? ` The protocol asks for 5,000; there are no more here.` : '';
  return [
    ...(ours.thousand && article.thousand
      ? [
          {
            name: '1K',
            description: `Mean of ${ours.thousand.folds} ${ours.thousand.folds === 1 ? 'fold' : 'folds'} of 1,000 photos of ${folders.validation.name}.${ours.thousand.folds < 5 ? ' The protocol asks for five; there are no more here.' : ''}`,
            ours: ours.thousand,
            article: article.thousand,
          },
        ]
      : []),
    {
      name: fewer === '' ? '5K' : `All ${validationPictures.toLocaleString('en-US')}`,
      description: `${photos} at once.${fewer}`,
      ours: ours.all,
      article: article.all,
    },
  ];
}
