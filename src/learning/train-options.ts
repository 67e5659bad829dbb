import type { WorkOptions } from '../base/progress.ts';
import type { Engine } from '../linalg/engine.ts';
import type { SentenceEncoder, WordVectors } from '../text/index.ts';

/** What training needs besides the pairs. */
export interface TrainOptions extends WorkOptions {
  readonly engine: Engine;
  /** For recipes whose text view holds word vectors. */
  readonly wordVectors?: WordVectors;
  /**
   * Where these come from, stored with the model: a file, or `default` when left out. `own` trains them on the
   * captions, in place of `wordVectors`, and stores them with the model.
   */
  readonly vectors?: string;
  /** For recipes whose text view holds a sentence encoder. */
  readonly sentences?: SentenceEncoder | undefined;
  /** Its name, stored with the model so that it can be opened again; its id when left out. */
  readonly sentencesName?: string | undefined;
  /** Of the captions, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
}
