export { fit } from './fit/fit.ts';
export type { FitOptions } from './fit/fit-options.ts';
export { fitRows } from './fit/fit-rows.ts';
export type { Normalization } from './fit/normalization.ts';
export { type AddOptions, productsFor } from './moments/add-options.ts';
export type { BlockRows, IndexedRows } from './moments/block-rows.ts';
export type { MomentSums } from './moments/moment-sums.ts';
export { Moments } from './moments/moments.ts';
export { loadMoments, saveMoments } from './moments/moments-file.ts';
export type { CaptionedRows } from './refine/captioned-rows.ts';
export { type ContrastiveLoss, contrastiveLoss } from './refine/contrastive-loss.ts';
export { meanRecall } from './refine/mean-recall.ts';
export { type RefinedSpace, refine } from './refine/refine.ts';
export type { RefineOptions, RefineSettings } from './refine/refine-options.ts';
export {
  type Selection,
  type SelectionFold,
  type SelectionTrial,
  type SelectOptions,
  type SpaceParameters,
  select,
} from './select/select.ts';
export type { JointSpace, ViewProjection } from './space/joint-space.ts';
export {
  describeJointSpace,
  loadJointSpace,
  readJointSpace,
  saveJointSpace,
} from './space/joint-space-file.ts';
export { project } from './space/project.ts';
export { cosineSimilarity, normalizeRows, scaleComponents } from './space/similarity.ts';
export {
  type Similarity,
  type SimilarityForm,
  type SimilaritySide,
  similarityEmbeddings,
} from './space/similarity-form.ts';
