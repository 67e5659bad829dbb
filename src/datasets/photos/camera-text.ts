const makers =
  'olympus|sony|minolta|konica minolta|samsung|kodak|panasonic|nikon|canon|casio|pentax|fujifilm|ricoh|vivitar|polaroid|benq';
const programs =
  'adobe|photoshop|lightroom|gimp|vsco|snapseed|picasa|imagemagick|graphicsmagick|instagram|corel|acdsee|irfanview|canva|paint';

/** What cameras, phones and programs write where a caption belongs, whole: makers, modes, names of files. */
const wholes: readonly RegExp[] = [
  new RegExp(`^(?:(?:${makers}) )+(?:digital )?(?:still ?)?camera(?: pictures)?$`),
  new RegExp(`^(?:${makers})(?: (?:dsc|corporation|co\\.,? ?ltd\\.?|imaging corp\\.?|techwin))?$`),
  /^digital (?:still ?)?camera$/,
  /^casio computer co\.,? ?ltd\.?$/,
  /^<?(?:digimax|kenox)\b.*$/,
  /^lead technologies inc\b.*$/,
  /^(?:dcim|dscn?|dscf|imgp?|pict|mvi|pxl|p)[_\\/-]*\d[\w\\/.-]*$/,
  /^exif[_ ]?jpeg(?:[_ ](?:picture|t[24]22))?$/,
  new RegExp(
    `^(?:file written|written|created|edited|processed|generated|made) (?:by|with|using) (?:the )?(?:${programs})\\b.*$`,
  ),
  // Modes of phones: normal, edited, HDR ...
  /^(?:oz|[rsmfbh])?(?:nor|edf|dav|cof|ptr|hdr|sdr|mde|rbt|bty|btf|hdrpl)+$/,
  /^(?:oplus_\w*|opluscof|smartisan|mmexport\w*|untitled|default|jpeg|charset ?= ?\w+|none|null|n\/a)$/,
  // Settings that phones keep in place of a comment.
  /^\{.*"[^"]+" ?:.*\}$/,
  /^(?:[\w.]+ ?[:=] ?[^;]*; ?){3,}[\w.]*$/,
];

/** Longer texts than these are somebody's words. */
const longest = 2000;

/**
 * Whether a description is one that a camera or a program put there by itself, as "OLYMPUS DIGITAL CAMERA" or "SONY DSC":
 * such texts say nothing of what a picture shows.
 */
export function isCameraText(text: string): boolean {
  if (text.length > longest) return false;
  const plain = text.replace(/\s+/g, ' ').trim().toLowerCase();
  return wholes.some((whole) => whole.test(plain));
}
