import '../node-version.ts';

export type { StarterChoice } from './choose-starter-weight.ts';
export { type ComparedResult, compareRecipes, compareWithStarter } from './compare.ts';
export { compareReport } from './compare-report.ts';
export {
  type Evaluation,
  evaluateModel,
  type FrequencyReliability,
  type Quality,
  type TestSet,
} from './evaluate.ts';
export { type Experiment, type ExperimentResult, runExperiment } from './experiment.ts';
export { type ExperimentFiles, readExperiment } from './experiment-files.ts';
export {
  type ExplainedHit,
  type ExplainedPart,
  type ExplainedTag,
  type ExplainedWord,
  explainHits,
  explainTags,
  type SupportingCaption,
} from './explain.ts';
export { captionsOf, fitLibrary, fitLibraryOnStarter, libraryPairs } from './fit-library.ts';
export { fitOnStarter, type ModelOnStarter } from './fit-on-starter.ts';
export { evaluateFolds, type FoldedQuality } from './fold-evaluation.ts';
export { type IndexOptions, type IndexResult, indexPictures } from './index-pictures.ts';
export { compareQuality, type Direction, type Measures, qualityIntervals } from './intervals.ts';
export { libraryExperiment } from './library-experiment.ts';
export {
  type CaptionBank,
  embedPictures,
  embedTexts,
  type Model,
  OWN_VECTORS,
  pictureHubness,
} from './model.ts';
export { type LoadedModel, loadModel, saveModel } from './model-file.ts';
export { tagsWithPhrases, type VocabularyScorer, vocabularyScorer } from './own-vocabulary.ts';
export type { PairSource } from './pairs.ts';
export { type QueryWords, queryWords, readInLanguage } from './query-words.ts';
export { RECIPES, type Recipe, recipeByName, type TagMethod, TEXT_BLOCKS, withSentences } from './recipe.ts';
export { qualityOf } from './report-parts.ts';
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
} from './search.ts';
export { type SelectedRecipe, type SelectRecipeOptions, selectRecipe } from './select-recipe.ts';
export { type Starter, starterMismatch, starterModel } from './starter.ts';
export { BUILT_IN_STARTER, loadStarter, saveStarter } from './starter-file.ts';
export { bestTags, type Tag, tagFeatures, tagScorer } from './tag.ts';
export { decidedTags, readTeachings, type Teaching, type TeachResult, teach } from './teach.ts';
export { train } from './train.ts';
export { trainOnStarter } from './train-on-starter.ts';
export type { TrainOptions } from './train-options.ts';
export { STARTER_SIZE, type StarterSize, trainStarter } from './train-starter.ts';
