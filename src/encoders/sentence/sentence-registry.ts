import type { Pooling } from './sentence-network.ts';

/** A published sentence encoder that can be named. */
export interface SentenceEntry {
  readonly name: string;
  /** What it is, in a few words. */
  readonly description: string;
  /** Model on the Hugging Face hub, in the layout of transformers.js; with `@` and a revision where that is pinned. */
  readonly model: string;
  /** Size of the network, rounded. */
  readonly bytes: number;
  readonly dimensions: number;
  /** SPDX identifier of the weights' licence. */
  readonly licence: string;
  readonly pooling: Pooling;
}

/** Sentence encoders known by name; sizes are about what their publishers state. */
export const sentenceEncoderRegistry: readonly SentenceEntry[] = [
  {
    name: 'minilm',
    description: 'all-MiniLM-L6-v2, English sentences (Reimers and Gurevych 2019; Wang et al. 2020)',
    model: 'Xenova/all-MiniLM-L6-v2',
    bytes: 90_400_000,
    dimensions: 384,
    licence: 'Apache-2.0',
    pooling: 'mean',
  },
  {
    name: 'multilingual-minilm',
    description: 'paraphrase-multilingual-MiniLM-L12-v2, 50 languages (Reimers and Gurevych 2020)',
    model: 'Xenova/paraphrase-multilingual-MiniLM-L12-v2',
    bytes: 470_000_000,
    dimensions: 384,
    licence: 'Apache-2.0',
    pooling: 'mean',
  },
  {
    name: 'bge-small',
    description: 'bge-small-en-v1.5, English (Xiao et al. 2023)',
    model: 'Xenova/bge-small-en-v1.5',
    bytes: 133_000_000,
    dimensions: 384,
    licence: 'MIT',
    pooling: 'cls',
  },
  {
    name: 'clip-vit-b32',
    description: 'the text tower of CLIP ViT-B/32 (Radford et al. 2021)',
    model: 'Xenova/clip-vit-base-patch32',
    bytes: 254_000_000,
    dimensions: 512,
    licence: 'MIT',
    pooling: 'mean',
  },
  {
    name: 'siglip',
    description: 'the text tower of SigLIP base (Zhai et al. 2023)',
    model: 'Xenova/siglip-base-patch16-224@294847d6b5fe86c91330269da98ce112d6c75e7e',
    bytes: 441_000_000,
    dimensions: 768,
    licence: 'Apache-2.0',
    pooling: 'mean',
  },
];
