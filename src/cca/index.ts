export type { BlockRows, IndexedRows } from './block-rows.ts';
export { fit } from './fit.ts';
export type { FitOptions } from './fit-options.ts';
export { fitRows } from './fit-rows.ts';
export type { JointSpace, ViewProjection } from './joint-space.ts';
export { loadJointSpace, saveJointSpace } from './joint-space-file.ts';
export { type MomentSums, Moments } from './moments.ts';
export { loadMoments, saveMoments } from './moments-file.ts';
export type { Normalization } from './normalization.ts';
export { project } from './project.ts';
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
