export { type AddOptions, productsFor } from './add-options.ts';
export type { BlockRows, IndexedRows } from './block-rows.ts';
export type { CaptionedRows } from './captioned-rows.ts';
export { type ContrastiveLoss, contrastiveLoss } from './contrastive-loss.ts';
export { fit } from './fit.ts';
export type { FitOptions } from './fit-options.ts';
export { fitRows } from './fit-rows.ts';
export type { JointSpace, ViewProjection } from './joint-space.ts';
export { describeJointSpace, loadJointSpace, readJointSpace, saveJointSpace } from './joint-space-file.ts';
export { meanRecall } from './mean-recall.ts';
export type { MomentSums } from './moment-sums.ts';
export { Moments } from './moments.ts';
export { loadMoments, saveMoments } from './moments-file.ts';
export type { Normalization } from './normalization.ts';
export { project } from './project.ts';
export { type RefinedSpace, refine } from './refine.ts';
export type { RefineOptions, RefineSettings } from './refine-options.ts';
export {
  type Selection,
  type SelectionFold,
  type SelectionTrial,
  type SelectOptions,
  type SpaceParameters,
  select,
} from './select.ts';
export { cosineSimilarity, normalizeRows, scaleComponents } from './similarity.ts';
export {
  type Similarity,
  type SimilarityForm,
  type SimilaritySide,
  similarityEmbeddings,
} from './similarity-form.ts';
