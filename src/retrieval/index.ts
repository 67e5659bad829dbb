export { type BankCorrectionOptions, bankCorrection } from './bank-correction.ts';
export {
  type CaptionVoteOptions,
  type CaptionVoters,
  captionVote,
  explainCaptionVote,
  type TagVote,
  type VoterPictures,
} from './caption-vote.ts';
export { combineQuery } from './combine-query.ts';
export {
  explainHit,
  type HitExplanation,
  type HitNeighbour,
  hitNeighbours,
  type PartContribution,
  type ProjectedPart,
} from './explain-hit.ts';
export { Gallery, type GalleryOptions } from './gallery.ts';
export {
  csls,
  dynamicInvertedSoftmax,
  type InvertedSoftmaxOptions,
  type NeighbourCorrectionOptions,
  neighbourCorrection,
  neighbourMeans,
} from './hubness.ts';
export { type IndexRows, indexRow, indexRows, rowCount, transposeIndexRows, wordRows } from './index-rows.ts';
export { logistic, logisticRegression } from './logistic-regression.ts';
export { nearestTags, similarityByDimension } from './nearest-tags.ts';
export { NEGATIVE_WEIGHT, parseQuery, type Query, type QueryPart } from './parse-query.ts';
export { type OwnVocabulary, parseVocabulary } from './parse-vocabulary.ts';
export { findPhrases, type Phrase, type PhraseOptions, withPhrases } from './phrases.ts';
export { fitProbabilityCurve, type ProbabilityCurve, probabilityAt } from './probability-curve.ts';
export { forEachQuery, innerProductScorer, matrixScorer, type Scorer } from './scorer.ts';
export { softMaximum, softmaxInPlace } from './softmax.ts';
export {
  calibratedScorer,
  type FrequencyBand,
  fitTagCalibration,
  type TagCalibration,
  type TagLevel,
  tagLevel,
} from './tag-calibration.ts';
export { combinedScorer, fitTagCombination, type TagCombination } from './tag-combination.ts';
export { largestEvidence, type QueryTag, strongestTags, TagIndex, taggedScorer } from './tag-index.ts';
export { joinTags, raiseParents, restrictTags } from './tag-vocabulary.ts';
export { topTags } from './top-tags.ts';
export { regressionScorer, type WordRegression, WordSums } from './word-regression.ts';
