import * as lists from 'stopword';

/** The lists of the npm package `stopword` by language, the first part of a BCP 47 tag. */
const byLanguage: Readonly<Record<string, readonly string[]>> = {
  af: lists.afr,
  ar: lists.ara,
  bg: lists.bul,
  bn: lists.ben,
  br: lists.bre,
  ca: lists.cat,
  cs: lists.ces,
  da: lists.dan,
  de: lists.deu,
  el: lists.ell,
  en: lists.eng,
  eo: lists.epo,
  es: lists.spa,
  et: lists.est,
  eu: lists.eus,
  fa: lists.fas,
  fi: lists.fin,
  fr: lists.fra,
  ga: lists.gle,
  gl: lists.glg,
  gu: lists.guj,
  ha: lists.hau,
  he: lists.heb,
  hi: lists.hin,
  hr: lists.hrv,
  hu: lists.hun,
  hy: lists.hye,
  id: lists.ind,
  it: lists.ita,
  ja: lists.jpn,
  ko: lists.kor,
  ku: lists.kur,
  la: lists.lat,
  lt: lists.lit,
  lv: lists.lav,
  mr: lists.mar,
  ms: lists.msa,
  my: lists.mya,
  nb: lists.nob,
  nl: lists.nld,
  no: lists.nob,
  pl: lists.pol,
  pt: lists.por,
  ro: lists.ron,
  ru: lists.rus,
  sk: lists.slk,
  sl: lists.slv,
  so: lists.som,
  st: lists.sot,
  sv: lists.swe,
  sw: lists.swa,
  th: lists.tha,
  tl: lists.tgl,
  tr: lists.tur,
  uk: lists.ukr,
  ur: lists.urd,
  vi: lists.vie,
  yo: lists.yor,
  zh: lists.zho,
  zu: lists.zul,
};

/** What captions add to the English list: it has neither `its` nor what is left of `the dog 's` and `do n't`. */
const englishCaptions = ['its', 'itself', 'herself', 'themselves', 's', "n't", 't', 'not', 'no'];

/**
 * The languages whose stop words a text holds most of, beside those that are stop words of its own language too:
 * what it may be written in instead. None where it holds no such words.
 * @param words lower case
 * @param own the language that the text should have, as a BCP 47 tag
 * @returns BCP 47 tags
 */
export function otherLanguages(words: readonly string[], own: string): string[] {
  const known = stopWords(own);
  const foreign = [...new Set(words)].filter((word) => !known.has(word));
  let most = 1;
  let found: string[] = [];
  for (const [language, list] of Object.entries(byLanguage)) {
    const count = foreign.filter((word) => list.includes(word)).length;
    if (count < most) continue;
    if (count > most) found = [];
    most = count;
    found.push(language);
  }
  return found;
}

/**
 * Words that say nothing about a picture in a language, lower case; none for a language without a list.
 * @param language a BCP 47 tag, such as `en` or `pt-BR`
 */
export function stopWords(language: string): ReadonlySet<string> {
  const primary = language.split('-')[0]!.toLowerCase();
  const list = Object.hasOwn(byLanguage, primary) ? byLanguage[primary]! : [];
  const words = new Set(list.map((word) => word.normalize('NFKC').toLocaleLowerCase(language)));
  if (primary === 'en') for (const word of englishCaptions) words.add(word);
  return words;
}
