import type { Reliability } from '../metrics/calibration.ts';
import type { Interval, PairedTest } from '../metrics/resampling.ts';
import type { RetrievalMetrics } from '../metrics/retrieval-metrics.ts';
import type { TagMetrics } from '../metrics/tag-metrics.ts';
import type { WordSearchMetrics } from '../metrics/word-search-metrics.ts';

/** Everything that a report shows. Whatever is empty or left out is not shown. */
export interface ReportData {
  readonly title: string;
  /** One paragraph under the title: what was done, on what, and what came out. */
  readonly summary: string;
  /** What the report was made with and when, as it is to be shown: `covista 0.1.0`, `23 November 2026`. */
  readonly origin?: readonly string[];
  /** One table each, such as one for an unseen artist and one for unseen concepts. */
  readonly evaluations: readonly ReportEvaluation[];
  /** Paired comparisons of systems, one table each. */
  readonly comparisons?: readonly ReportComparison[];
  /** Figure 1: words and the pictures they find. */
  readonly queries: readonly ReportQuery[];
  /** Figure 2: pictures and the tags they get. */
  readonly taggedPictures: readonly ReportTaggedPicture[];
  /** Figure 3: canonical correlations in descending order, 0..1. */
  readonly correlations: ArrayLike<number>;
  /** Figure 4: how far the probabilities of tags can be trusted, of groups of words, at most five. */
  readonly reliability?: readonly ReportReliability[];
  readonly settings: readonly ReportSetting[];
  readonly timings: readonly ReportTiming[];
  readonly credits: readonly ReportCredit[];
  /** How it was measured, one entry a paragraph; what the tables' columns mean is explained anyway. */
  readonly method: readonly string[];
}

/** A picture, embedded into the report as it is: give thumbnails, about 300 pixels. */
export interface ReportPicture {
  readonly bytes: Uint8Array;
  /** `image/jpeg`, `image/png`, ... */
  readonly mime: string;
  /** What is to be seen, for those who do not see it: a caption, or the file's name. */
  readonly alt: string;
}

export interface ReportEvaluation {
  readonly name: string;
  /** What was trained on and what tested on. */
  readonly description?: string;
  /** One row each, in this order. */
  readonly systems: readonly ReportSystem[];
}

/** One row of a table of results; what is left out shows as a dash. */
export interface ReportSystem {
  readonly name: string;
  /** `main` stands out, `chance` steps back. */
  readonly role?: 'main' | 'baseline' | 'chance';
  readonly textToImage?: RetrievalMetrics;
  readonly imageToText?: RetrievalMetrics;
  readonly imageToTag?: TagMetrics;
  readonly tagToImage?: WordSearchMetrics;
  /** 95 % intervals of any of these numbers, shown under them. */
  readonly intervals?: ReportMeasures<Interval>;
}

/** Something about any of the numbers of a row, by the names that they have in the metrics. */
export type ReportMeasures<T> = Readonly<
  Partial<Record<'textToImage' | 'imageToText' | 'imageToTag' | 'tagToImage', Readonly<Record<string, T>>>>
>;

/** A paired comparison of two systems. */
export interface ReportComparison {
  readonly name: string;
  readonly baseline: string;
  /** Differences of `name` minus `baseline`, in points. */
  readonly tests: ReportMeasures<PairedTest>;
}

export interface ReportQuery {
  readonly words: string;
  /** Best first. */
  readonly results: readonly ReportResult[];
}

export interface ReportResult {
  readonly picture: ReportPicture;
  readonly score: number;
  /** Whether it is known to be right or wrong. */
  readonly right?: boolean;
  /** Why it has its score; opens under the picture. */
  readonly explanation?: ReportExplanation;
}

/** Why a picture was found. */
export interface ReportExplanation {
  /** What each word, and what else there was, added to the score. */
  readonly contributions: readonly { readonly name: string; readonly value: number }[];
  /** Training captions that are near to both. */
  readonly captions: readonly string[];
}

export interface ReportTaggedPicture {
  readonly picture: ReportPicture;
  /** Best first. */
  readonly tags: readonly ReportTag[];
  /** Right tags that were not found. */
  readonly missed?: readonly string[];
}

export interface ReportTag {
  readonly word: string;
  /** 0..1. */
  readonly probability: number;
  /** Training captions that spoke for it; they open under the tags. */
  readonly captions?: readonly string[];
  /** Whether it is known to be right or wrong. */
  readonly right?: boolean;
}

/** How far the probabilities of some words can be trusted. */
export interface ReportReliability {
  /** `all words`, `in 40 pictures or more`. */
  readonly name: string;
  readonly reliability: Reliability;
}

export interface ReportSetting {
  readonly name: string;
  readonly value: string | number;
}

export interface ReportTiming {
  readonly step: string;
  readonly seconds: number;
}

/** Data or a model that was used, whose terms and makers have to be named. */
export interface ReportCredit {
  readonly name: string;
  readonly licence: string;
  /** Who made it, what it was used for. */
  readonly note?: string;
  /** An http or https address. */
  readonly url?: string;
}
