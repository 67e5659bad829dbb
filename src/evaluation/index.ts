export { type Reliability, type ReliabilityBin, reliability } from './calibration.ts';
export {
  type CategoryResults,
  categoryResults,
  meanAveragePrecision,
  meanPrecisionAtK,
} from './category-metrics.ts';
export { chanceAveragePrecision, chanceRetrieval, chanceTags } from './chance.ts';
export { relevantRanks } from './relevant-ranks.ts';
export type {
  ReportComparison,
  ReportCredit,
  ReportData,
  ReportEvaluation,
  ReportExplanation,
  ReportMeasures,
  ReportPicture,
  ReportQuery,
  ReportReliability,
  ReportResult,
  ReportSetting,
  ReportSystem,
  ReportTag,
  ReportTaggedPicture,
  ReportTiming,
} from './report/report-data.ts';
export { renderReport } from './report.ts';
export {
  bootstrapInterval,
  type Interval,
  type PairedTest,
  pairedTest,
  type ResamplingOptions,
} from './resampling.ts';
export {
  type CaptionCorrections,
  type CaptionRanks,
  captionRanks,
  firstRanks,
  pictureOfCaption,
  type RetrievalMetrics,
  recallAt,
  retrievalMetrics,
} from './retrieval-metrics.ts';
export { mean, median } from './statistics.ts';
export {
  type TagMetrics,
  type TagResults,
  tagMetrics,
  tagResults,
  type WordMetrics,
  wordMetrics,
} from './tag-metrics.ts';
export { type PictureTokens, type TagTruth, tagTruth, tagVocabulary } from './tag-truth.ts';
export {
  chanceWordSearch,
  type WordSearchMetrics,
  type WordSearchResults,
  wordSearchMetrics,
  wordSearchResults,
} from './word-search-metrics.ts';
