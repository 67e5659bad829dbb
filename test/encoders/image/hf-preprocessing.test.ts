import { describe, expect, test } from 'vitest';
import { readHuggingFacePreprocessing } from '../../../src/encoders/image/hf-preprocessing.ts';
import { preprocessingPresets } from '../../../src/encoders/image/index.ts';

const PATH = 'folder/preprocessor_config.json';
const read = (config: object) => readHuggingFacePreprocessing(JSON.stringify(config), PATH);

const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711];
const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const steps = { do_normalize: true, do_rescale: true, do_resize: true, rescale_factor: 0.00392156862745098 };
const half = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

/** Configurations as they are published. */
const clip = {
  ...steps,
  crop_size: { height: 224, width: 224 },
  do_center_crop: true,
  do_convert_rgb: true,
  feature_extractor_type: 'CLIPFeatureExtractor',
  image_mean: CLIP_MEAN,
  image_processor_type: 'CLIPImageProcessor',
  image_std: CLIP_DEVIATION,
  resample: 3,
  size: { shortest_edge: 224 },
};
const jinaClip = {
  auto_map: {
    AutoImageProcessor: 'jinaai/jina-clip-implementation--processing_clip.JinaCLIPImageProcessor',
    AutoProcessor: 'jinaai/jina-clip-implementation--processing_clip.JinaCLIPProcessor',
  },
  fill_color: 0,
  image_processor_type: 'JinaCLIPImageProcessor',
  interpolation: 'bicubic',
  mean: CLIP_MEAN,
  processor_class: 'JinaCLIPProcessor',
  resize_mode: 'shortest',
  size: 512,
  std: CLIP_DEVIATION,
};
const siglip = {
  ...steps,
  ...half,
  image_processor_type: 'SiglipImageProcessor',
  processor_class: 'SiglipProcessor',
  resample: 3,
  size: { height: 224, width: 224 },
};
const dinov2 = {
  ...clip,
  ...IMAGENET,
  feature_extractor_type: undefined,
  image_processor_type: 'BitImageProcessor',
  size: { shortest_edge: 256 },
};

describe('configurations as they are published', () => {
  test.each([
    ['CLIP', clip, preprocessingPresets.clip],
    ['SigLIP', siglip, preprocessingPresets.siglip],
    ['DINOv2', dinov2, preprocessingPresets.dinov2],
  ])('%s is the preset of its name', (_, config, preset) => {
    const { mean, scale, cropFraction = 1, ...rest } = read(config);
    const { mean: presetMean, scale: presetScale, cropFraction: presetFraction = 1, ...presetRest } = preset;
    expect(rest).toEqual(presetRest);
    expect(cropFraction).toBe(presetFraction);
    for (let channel = 0; channel < 3; channel++) {
      expect(mean[channel]).toBeCloseTo(presetMean[channel]!, 9);
      expect(scale[channel]).toBeCloseTo(presetScale[channel]!, 9);
    }
  });

  test('jina-clip-v2 is normalised and cut', () => {
    const { mean, scale, ...rest } = read(jinaClip);
    expect(rest).toEqual({
      width: 512,
      height: 512,
      fit: 'cover',
      cropFraction: 1,
      resampling: 'cubic',
      channelOrder: 'rgb',
      layout: 'nchw',
    });
    for (let channel = 0; channel < 3; channel++) {
      expect(mean[channel]).toBeCloseTo(CLIP_MEAN[channel]! * 255, 9);
      expect(scale[channel]! * CLIP_DEVIATION[channel]! * 255).toBeCloseTo(1, 9);
    }
    expect(read({ ...jinaClip, resize_mode: 'squash' })).toMatchObject({ fit: 'fill', width: 512 });
  });

  test.each<[string, object, object]>([
    [
      'SigLIP 2',
      { ...siglip, do_convert_rgb: null, resample: 2, size: { height: 512, width: 512 } },
      { width: 512, fit: 'fill', resampling: 'linear' },
    ],
    [
      'a CLIP that squeezes before it cuts',
      { ...clip, size: { height: 224, width: 224 }, _valid_processor_keys: ['images', 'size'] },
      { width: 224, fit: 'fill', cropFraction: 1 },
    ],
    [
      'MobileCLIP',
      {
        crop_size: { height: 256, width: 256 },
        do_center_crop: true,
        do_convert_rgb: true,
        do_normalize: false,
        do_rescale: true,
        do_resize: true,
        feature_extractor_type: 'CLIPFeatureExtractor',
        image_processor_type: 'CLIPFeatureExtractor',
        resample: 2,
        rescale_factor: 1 / 255,
        size: { shortest_edge: 256 },
      },
      {
        width: 256,
        fit: 'cover',
        cropFraction: 1,
        resampling: 'linear',
        mean: [0, 0, 0],
        scale: [1 / 255, 1 / 255, 1 / 255],
      },
    ],
    [
      'DINOv3',
      {
        ...steps,
        ...IMAGENET,
        crop_size: null,
        data_format: 'channels_first',
        default_to_square: true,
        device: null,
        disable_grouping: null,
        do_center_crop: null,
        do_convert_rgb: null,
        image_processor_type: 'DINOv3ViTImageProcessorFast',
        input_data_format: null,
        resample: 2,
        return_tensors: null,
        size: { height: 224, width: 224 },
      },
      { width: 224, fit: 'fill', resampling: 'linear' },
    ],
    [
      'an early ViT',
      {
        do_normalize: true,
        do_resize: true,
        feature_extractor_type: 'ViTFeatureExtractor',
        ...half,
        resample: 2,
        size: 224,
      },
      { width: 224, fit: 'fill', resampling: 'linear' },
    ],
    [
      'an early CLIP',
      { ...clip, size: 224, crop_size: 224, image_processor_type: undefined },
      { width: 224, fit: 'cover', cropFraction: 1 },
    ],
    [
      'an early DeiT, which squeezes, then cuts',
      {
        crop_size: 224,
        do_center_crop: true,
        do_normalize: true,
        do_resize: true,
        feature_extractor_type: 'DeiTFeatureExtractor',
        ...IMAGENET,
        resample: 3,
        size: 256,
      },
      { width: 224, fit: 'fill', cropFraction: 0.875, resampling: 'cubic' },
    ],
    [
      'ResNet-50',
      {
        crop_pct: 0.875,
        do_normalize: true,
        do_resize: true,
        feature_extractor_type: 'ConvNextFeatureExtractor',
        ...IMAGENET,
        resample: 3,
        size: 224,
      },
      { width: 224, fit: 'cover', cropFraction: 0.875, resampling: 'cubic' },
    ],
    [
      'a large ConvNeXt, which squeezes',
      {
        ...steps,
        crop_pct: null,
        image_processor_type: 'ConvNextImageProcessor',
        ...IMAGENET,
        resample: 3,
        size: { shortest_edge: 384 },
      },
      { width: 384, fit: 'fill' },
    ],
    [
      'LeViT, which enlarges the size',
      { ...clip, image_processor_type: 'LevitImageProcessor' },
      { width: 224, fit: 'cover', cropFraction: 0.875 },
    ],
    [
      'PoolFormer, which divides it by a share',
      { ...clip, image_processor_type: 'PoolFormerImageProcessor', crop_pct: 0.95 },
      { width: 224, fit: 'cover', cropFraction: 224 / 235 },
    ],
    [
      'MobileViT, blue first',
      {
        ...clip,
        do_normalize: undefined,
        image_mean: undefined,
        image_std: undefined,
        do_flip_channel_order: true,
        image_processor_type: 'MobileViTImageProcessor',
        size: { shortest_edge: 288 },
        crop_size: { height: 256, width: 256 },
      },
      { width: 256, fit: 'cover', cropFraction: 256 / 288, channelOrder: 'bgr', mean: [0, 0, 0] },
    ],
    [
      'one number for all channels',
      { ...siglip, image_mean: 0.5, image_std: 0.5 },
      { mean: [127.5, 127.5, 127.5] },
    ],
  ])('%s', (_, config, expected) => {
    expect(read(config)).toMatchObject(expected);
  });
});

describe("PIL's filters", () => {
  test.each([
    [1, 'lanczos3'],
    [2, 'linear'],
    [3, 'cubic'],
  ])('%d is %s', (resample, resampling) => {
    expect(read({ ...siglip, resample }).resampling).toBe(resampling);
  });

  test.each([
    ['bilinear', 'linear'],
    ['bicubic', 'cubic'],
    ['random', 'cubic'],
  ])('%s is %s', (interpolation, resampling) => {
    expect(read({ ...jinaClip, interpolation }).resampling).toBe(resampling);
  });
});

describe('what is not understood is refused by name', () => {
  test.each<[string, object]>([
    ['resample', { ...siglip, resample: 0 }],
    ['resample', { ...siglip, resample: 4 }],
    ['resample', { ...siglip, resample: 5 }],
    ['resample', { ...siglip, resample: 'bicubic' }],
    ['interpolation', { ...jinaClip, interpolation: 'nearest' }],
    ['resize_mode', { ...jinaClip, resize_mode: 'longest' }],
    ['resize_mode', { ...jinaClip, resize_mode: undefined }],
    ['resize_mode', { ...jinaClip, image_processor_type: undefined, resize_mode: undefined }],
    ['mode', { ...jinaClip, mode: 'L' }],
    ['size', { ...siglip, size: { longest_edge: 512 } }],
    ['size', { ...siglip, size: { shortest_edge: 800, longest_edge: 1333 } }],
    ['size', { ...siglip, size: { height: 224, width: 224, depth: 3 } }],
    ['size', { ...siglip, size: 0 }],
    ['size', { ...clip, do_center_crop: false }],
    ['do_resize', { ...siglip, do_resize: false }],
    ['do_pad', { ...siglip, do_pad: true }],
    ['letterbox', { ...siglip, letterbox: true }],
    ['max_num_patches', { ...siglip, max_num_patches: 256 }],
    ['image_processor_type', { ...siglip, image_processor_type: 'Siglip2ImageProcessor' }],
    ['image_processor_type', { ...clip, image_processor_type: 'PerceiverImageProcessor' }],
    ['pretrained_cfg', { pretrained_cfg: { input_size: [3, 224, 224] } }],
    ['crop_size', { ...clip, crop_size: { height: 256, width: 256 } }],
    ['crop_size', { ...clip, crop_size: null }],
    ['crop_size', { ...clip, size: { height: 256, width: 256 }, crop_size: { height: 224, width: 200 } }],
    ['image_mean', { ...siglip, image_mean: undefined }],
    ['image_std', { ...siglip, image_std: null }],
    ['image_std', { ...siglip, image_std: [0.5, 0, 0.5] }],
    ['image_mean', { ...siglip, image_mean: [0.5, 0.5] }],
    ['include_top', { ...siglip, include_top: true }],
  ])('%s in %j', (key, config) => {
    expect(() => read(config)).toThrowError(
      expect.objectContaining({
        code: 'bad-format',
        message: expect.stringMatching(new RegExp(`${PATH}.*"${key}"`)),
        hint: expect.stringContaining('preprocessing='),
      }),
    );
  });

  test('what is off, or changes no pixel, does no harm', () => {
    const config = {
      ...siglip,
      do_pad: false,
      rescale_offset: false,
      size_divisor: null,
      do_reduce_labels: true,
    };
    expect(read(config)).toEqual(read(siglip));
  });
});
