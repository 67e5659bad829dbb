export type { BlockRows, IndexedRows } from './block-rows.ts';
export { type FitOptions, fit } from './fit.ts';
export type { JointSpace, ViewProjection } from './joint-space.ts';
export { loadJointSpace, saveJointSpace } from './joint-space-file.ts';
export { type MomentSums, Moments } from './moments.ts';
export { loadMoments, saveMoments } from './moments-file.ts';
export type { Normalization } from './normalization.ts';
export { project } from './project.ts';
export { cosineSimilarity, normalizeRows, scaleComponents } from './similarity.ts';
