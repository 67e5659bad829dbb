import '../node-version.ts';

export { type ComparedResult, compareRecipes, compareWithStarter } from '../experiments/compare.ts';
export { compareReport } from '../experiments/compare-report.ts';
export {
  type Evaluation,
  evaluateModel,
  type FrequencyReliability,
  type Quality,
  type TestSet,
} from '../experiments/evaluate.ts';
export { type Experiment, type ExperimentResult, runExperiment } from '../experiments/experiment.ts';
export { evaluateFolds, type FoldedQuality } from '../experiments/fold-evaluation.ts';
export { compareQuality, type Direction, type Measures, qualityIntervals } from '../experiments/intervals.ts';
export { qualityOf } from '../experiments/report-parts.ts';
export type { PairSource } from '../learning/pairs.ts';
export { type SelectedRecipe, type SelectRecipeOptions, selectRecipe } from '../learning/select-recipe.ts';
export type { StarterChoice } from '../learning/starter/choose-starter-weight.ts';
export { fitOnStarter, type ModelOnStarter } from '../learning/starter/fit-on-starter.ts';
export { type Starter, starterMismatch, starterModel } from '../learning/starter/starter.ts';
export { BUILT_IN_STARTER, loadStarter, saveStarter } from '../learning/starter/starter-file.ts';
export { trainOnStarter } from '../learning/starter/train-on-starter.ts';
export { STARTER_SIZE, type StarterSize, trainStarter } from '../learning/starter/train-starter.ts';
export { train } from '../learning/train.ts';
export type { TrainOptions } from '../learning/train-options.ts';
export {
  type CaptionBank,
  embedPictures,
  embedTexts,
  type Model,
  OWN_VECTORS,
  pictureHubness,
} from '../model/model.ts';
export { type LoadedModel, loadModel, saveModel } from '../model/model-file.ts';
export { tagsWithPhrases, type VocabularyScorer, vocabularyScorer } from '../model/own-vocabulary.ts';
export {
  RECIPES,
  type Recipe,
  recipeByName,
  type TagMethod,
  TEXT_BLOCKS,
  withSentences,
} from '../model/recipe.ts';
export { bestTags, type Tag, tagFeatures, tagScorer } from '../model/tagging.ts';
export {
  type ExplainedHit,
  type ExplainedPart,
  type ExplainedTag,
  type ExplainedWord,
  explainHits,
  explainTags,
  type SupportingCaption,
} from '../search/explain.ts';
export { type QueryWords, queryWords, readInLanguage } from '../search/query-words.ts';
export {
  embedQuery,
  encodePictures,
  type Hit,
  openPictureIndex,
  type PictureIndex,
  pictureIndex,
  placeLibrary,
  placePictures,
  type SearchQuery,
  search,
} from '../search/search.ts';
export { type ExperimentFiles, readExperiment } from './experiment-files.ts';
export { captionsOf, fitLibrary, fitLibraryOnStarter, libraryPairs } from './fit-library.ts';
export { type IndexOptions, type IndexResult, indexPictures } from './index-pictures.ts';
export { libraryExperiment } from './library-experiment.ts';
export { decidedTags, readTeachings, type Teaching, type TeachResult, teach } from './teach.ts';
