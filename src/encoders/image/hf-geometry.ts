import type { HuggingFaceConfig, Refuse } from './hf-config.ts';
import type { Preprocessing } from './preprocessing.ts';

/** Which part of a picture a network sees, and how large. */
type Geometry = Pick<Preprocessing, 'width' | 'height' | 'fit' | 'cropFraction'>;

type Size = NonNullable<HuggingFaceConfig['size']>;

/** What an image processor of transformers does where its configuration does not say. */
interface Kind {
  /** What a bare number means as size: that of the shorter side, or of both. */
  readonly number: 'shorter side' | 'square';
  /** Whether the middle is cut out. */
  readonly crops: boolean;
}

const CUTTING: Kind = { number: 'shorter side', crops: true };
const SQUEEZING: Kind = { number: 'square', crops: false };

/** The image processors that resize, cut out the middle or not, scale and normalise, and nothing else. */
const KINDS: Readonly<Record<string, Kind>> = {
  CLIP: CUTTING,
  ChineseCLIP: CUTTING,
  Bit: CUTTING,
  MobileNetV1: CUTTING,
  MobileNetV2: CUTTING,
  MobileViT: CUTTING,
  Levit: CUTTING,
  PoolFormer: CUTTING,
  ConvNext: { number: 'shorter side', crops: false },
  DeiT: { number: 'square', crops: true },
  ViT: SQUEEZING,
  Siglip: SQUEEZING,
  Beit: SQUEEZING,
  Blip: SQUEEZING,
  DINOv3ViT: SQUEEZING,
  EfficientNet: SQUEEZING,
  JinaCLIP: CUTTING,
};

/** The share of the scaled picture that is kept, for those that go by it. */
const SHARES: Readonly<Record<string, number>> = { ConvNext: 224 / 256, PoolFormer: 0.9 };

/** From this size on, ConvNeXt's networks see the whole picture, squeezed. */
const CONVNEXT_WHOLE = 384;

/** Whether an image processor is one whose steps are known. */
export function isKnownKind(name: string): boolean {
  return Object.hasOwn(KINDS, name);
}

/**
 * Which part of a picture an image processor shows, and how large.
 * @param kind one of which {@link isKnownKind} holds; undefined where the configuration names none
 */
export function geometryOf(config: HuggingFaceConfig, kind: string | undefined, refuse: Refuse): Geometry {
  const size = config.size ?? 224;
  if (config.resize_mode) return openClipGeometry(config.resize_mode, size, refuse);
  const inOpenClipWords =
    kind === undefined && typeof size === 'number' && (config.mean ?? config.interpolation);
  if (kind === 'JinaCLIP' || inOpenClipWords)
    refuse('resize_mode', undefined, 'which says how pictures are cut');
  const known = kind === undefined ? undefined : KINDS[kind]!;
  const crops =
    config.crop_size !== null &&
    (config.do_center_crop ?? (known?.crops === true && config.crop_size !== undefined));
  const numberIsShorter =
    config.default_to_square === false || (known ? known.number === 'shorter side' : crops);
  const shorter = shorterSide(size, numberIsShorter);
  const share = kind === undefined ? config.crop_pct : SHARES[kind] && (config.crop_pct ?? SHARES[kind]);

  if (crops && config.crop_size !== undefined) {
    const crop = sides(config.crop_size!);
    if (shorter === undefined) return cutFrom(sides(size), crop, refuse);
    if (crop.width !== crop.height) refuse('crop_size', config.crop_size, 'which is no square');
    const scaled =
      kind === 'Levit' ? Math.floor((256 / 224) * shorter) : !share ? shorter : Math.floor(shorter / share);
    if (crop.width > scaled) refuse('crop_size', config.crop_size, `more than the ${scaled} that are there`);
    return { ...crop, fit: 'cover', cropFraction: crop.width / scaled };
  }
  if (config.do_center_crop) refuse('crop_size', undefined, 'but the middle of pictures is to be cut out');
  if (shorter === undefined) {
    // Old configurations of ConvNeXt say nothing but a number and the share.
    if (typeof size === 'number' && known === undefined && share)
      return { ...sides(size), ...middleOf(size, share) };
    return { ...sides(size), fit: 'fill' };
  }
  if (!share) {
    if (known !== undefined || config.do_center_crop === false)
      refuse('size', size, 'whose longer side varies, but networks take pictures of one size here');
    return { ...sides(size), fit: 'cover' };
  }
  return { ...sides(size), ...middleOf(shorter, share) };
}

/** The length that the shorter side gets where the longer one follows it. */
function shorterSide(size: Size, numberIsShorter: boolean): number | undefined {
  if (typeof size === 'number') return numberIsShorter ? size : undefined;
  return 'shortest_edge' in size ? size.shortest_edge : undefined;
}

/** How ConvNeXt's networks see a picture. */
function middleOf(size: number, share: number): Pick<Geometry, 'fit' | 'cropFraction'> {
  if (size >= CONVNEXT_WHOLE) return { fit: 'fill' };
  return { fit: 'cover', cropFraction: size / Math.floor(size / share) };
}

/** The middle of a picture that was squeezed into a size. */
function cutFrom(
  size: { width: number; height: number },
  crop: { width: number; height: number },
  refuse: Refuse,
): Geometry {
  const share = crop.width / size.width;
  if (share > 1 || Math.abs(share - crop.height / size.height) > 1e-9)
    refuse('crop_size', crop, `which is no smaller picture of the form of ${size.width} x ${size.height}`);
  return { ...crop, fit: 'fill', cropFraction: share };
}

/** The words of open_clip. */
function openClipGeometry(mode: string, size: Size, refuse: Refuse): Geometry {
  if (typeof size === 'object' && 'shortest_edge' in size) return refuse('size', size);
  const { width, height } = sides(size);
  if (mode === 'squash') return { width, height, fit: 'fill' };
  if (mode !== 'shortest') return refuse('resize_mode', mode);
  return { width, height, fit: 'cover', cropFraction: 1 };
}

function sides(size: Size): { width: number; height: number } {
  if (typeof size === 'number') return { width: size, height: size };
  if ('shortest_edge' in size) return { width: size.shortest_edge, height: size.shortest_edge };
  return { width: size.width, height: size.height };
}
