export { type Reliability, type ReliabilityBin, reliability } from './metrics/calibration.ts';
export {
  type CategoryResults,
  categoryResults,
  meanAveragePrecision,
  meanPrecisionAtK,
} from './metrics/category-metrics.ts';
export { chanceAveragePrecision, chanceRetrieval, chanceTags } from './metrics/chance.ts';
export { relevantRanks } from './metrics/relevant-ranks.ts';
export {
  bootstrapInterval,
  type Interval,
  type PairedTest,
  pairedTest,
  type ResamplingOptions,
} from './metrics/resampling.ts';
export {
  type CaptionCorrections,
  type CaptionRanks,
  captionRanks,
  firstRanks,
  pictureOfCaption,
  type RetrievalMetrics,
  recallAt,
  retrievalMetrics,
} from './metrics/retrieval-metrics.ts';
export { mean, median } from './metrics/statistics.ts';
export {
  type TagMetrics,
  type TagResults,
  tagMetrics,
  tagResults,
  type WordMetrics,
  wordMetrics,
} from './metrics/tag-metrics.ts';
export { type PictureTokens, type TagTruth, tagTruth, tagVocabulary } from './metrics/tag-truth.ts';
export {
  chanceWordSearch,
  type WordSearchMetrics,
  type WordSearchResults,
  wordSearchMetrics,
  wordSearchResults,
} from './metrics/word-search-metrics.ts';
export { renderReport } from './report/report.ts';
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
