export { type BankCorrectionOptions, bankCorrection } from './gallery/bank-correction.ts';
export { Gallery, type GalleryOptions } from './gallery/gallery.ts';
export {
  csls,
  dynamicInvertedSoftmax,
  type InvertedSoftmaxOptions,
  type NeighbourCorrectionOptions,
  neighbourCorrection,
  neighbourMeans,
} from './gallery/hubness.ts';
export {
  type IndexRows,
  indexRow,
  indexRows,
  rowCount,
  transposeIndexRows,
  wordRows,
} from './gallery/index-rows.ts';
export { forEachQuery, innerProductScorer, matrixScorer, type Scorer } from './gallery/scorer.ts';
export { softMaximum, softmaxInPlace } from './gallery/softmax.ts';
export { combineQuery } from './query/combine-query.ts';
export { NEGATIVE_WEIGHT, parseQuery, type Query, type QueryPart } from './query/parse-query.ts';
export {
  type CaptionVoteOptions,
  type CaptionVoters,
  captionVote,
  explainCaptionVote,
  type TagVote,
  type VoterPictures,
} from './tags/caption-vote.ts';
export {
  explainHit,
  type HitExplanation,
  type HitNeighbour,
  hitNeighbours,
  type PartContribution,
  type ProjectedPart,
} from './tags/explain-hit.ts';
export { logistic, logisticRegression } from './tags/logistic-regression.ts';
export { nearestTags, similarityByDimension } from './tags/nearest-tags.ts';
export { type OwnVocabulary, parseVocabulary } from './tags/parse-vocabulary.ts';
export { findPhrases, type Phrase, type PhraseOptions, withPhrases } from './tags/phrases.ts';
export { fitProbabilityCurve, type ProbabilityCurve, probabilityAt } from './tags/probability-curve.ts';
export {
  calibratedScorer,
  type FrequencyBand,
  fitTagCalibration,
  type TagCalibration,
  type TagLevel,
  tagLevel,
} from './tags/tag-calibration.ts';
export { combinedScorer, fitTagCombination, type TagCombination } from './tags/tag-combination.ts';
export { largestEvidence, type QueryTag, strongestTags, TagIndex, taggedScorer } from './tags/tag-index.ts';
export { joinTags, raiseParents, restrictTags } from './tags/tag-vocabulary.ts';
export { topTags } from './tags/top-tags.ts';
export { regressionScorer, type WordRegression, WordSums } from './tags/word-regression.ts';
