/** A published network that can be named instead of given as a file. */
export interface RegistryEntry {
  readonly name: string;
  /** What it is, in a few words. */
  readonly description: string;
  readonly url: string;
  /** Size of the file: exact where `bytesExact`, else as its publisher rounds it. */
  readonly bytes: number;
  /** Whether `bytes` is exact, so that a download can be checked against it. */
  readonly bytesExact: boolean;
  /** SHA-256 as the publisher states it. */
  readonly sha256?: string;
  /** Length of a feature. */
  readonly dimensions: number;
  /** SPDX identifier of the weights' licence. */
  readonly licence: string;
  /** Name of a preprocessing preset. */
  readonly preprocessing: 'torchvision' | 'clip' | 'siglip' | 'dinov2';
}

/** The ONNX model zoo; sizes and hashes from its ONNX_HUB_MANIFEST.json. */
const zoo = 'https://huggingface.co/onnxmodelzoo/legacy_models/resolve/main/validated/vision/classification';
const zooEntry = { licence: 'Apache-2.0', preprocessing: 'torchvision', bytesExact: true } as const;
const hub = 'https://huggingface.co';

/**
 * Networks known by name. Sizes and hashes are those that the publishers state; revisions are pinned where the hash
 * was stated for one.
 */
export const imageEncoderRegistry: readonly RegistryEntry[] = [
  {
    ...zooEntry,
    name: 'vgg16',
    description: 'VGG-16, fc7 after its rectifier (Simonyan and Zisserman 2014)',
    url: `${zoo}/vgg/model/vgg16-12.onnx`,
    bytes: 553437752,
    sha256: '722c42f53ca03a5480296bf8f9c85a151de3eed9ec982d7d2302ff6e2900c67b',
    dimensions: 4096,
  },
  {
    ...zooEntry,
    name: 'vgg19',
    description: 'VGG-19, fc7 after its rectifier (Simonyan and Zisserman 2014)',
    url: `${zoo}/vgg/model/vgg19-7.onnx`,
    bytes: 574677321,
    sha256: '692f9f927f1df1b89033787a77a73eac59fd9b3344f9ecdf0b13221e41c2046f',
    dimensions: 4096,
  },
  {
    ...zooEntry,
    name: 'resnet50',
    description: 'ResNet-50 v1, pooled (He et al. 2015)',
    url: `${zoo}/resnet/model/resnet50-v1-12.onnx`,
    bytes: 102576593,
    sha256: '3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526',
    dimensions: 2048,
  },
  {
    ...zooEntry,
    name: 'resnet101',
    description: 'ResNet-101 v1, pooled (He et al. 2015)',
    url: `${zoo}/resnet/model/resnet101-v1-7.onnx`,
    bytes: 178914043,
    sha256: '760702f6ec0138f71ebac66f4e95d1c72dc9267a8544f4d4667a53075fd0497c',
    dimensions: 2048,
  },
  {
    ...zooEntry,
    name: 'mobilenetv2',
    description: 'MobileNetV2 1.0, pooled (Sandler et al. 2018)',
    url: `${zoo}/mobilenet/model/mobilenetv2-12.onnx`,
    bytes: 13964571,
    sha256: 'c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5',
    dimensions: 1280,
  },
  {
    name: 'clip-vit-b32',
    description: 'CLIP ViT-B/32, its image embedding (Radford et al. 2021)',
    url: `${hub}/Xenova/clip-vit-base-patch32/resolve/4c1807b705b1d015fb032789cc4d221b23025a6f/onnx/vision_model.onnx`,
    bytes: 352_000_000,
    bytesExact: false,
    sha256: 'fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40',
    dimensions: 512,
    licence: 'MIT',
    preprocessing: 'clip',
  },
  {
    name: 'siglip',
    description: 'SigLIP base, 16-pixel patches at 224, pooled (Zhai et al. 2023)',
    url: `${hub}/Xenova/siglip-base-patch16-224/resolve/294847d6b5fe86c91330269da98ce112d6c75e7e/onnx/vision_model.onnx`,
    bytes: 372_000_000,
    bytesExact: false,
    dimensions: 768,
    licence: 'Apache-2.0',
    preprocessing: 'siglip',
  },
  {
    name: 'dinov2-small',
    description: 'DINOv2 ViT-S/14, class token (Oquab et al. 2023)',
    url: `${hub}/Xenova/dinov2-small/resolve/560a572cedd01ab59cf1a614c2d9673397b65ef2/onnx/model.onnx`,
    bytes: 88_500_000,
    bytesExact: false,
    sha256: '83141175ec78b4ff9a2bb58a4c7c264ba0054d1c2e122e5a8114b79a8d4179ea',
    dimensions: 384,
    licence: 'Apache-2.0',
    preprocessing: 'dinov2',
  },
  {
    name: 'dinov2-base',
    description: 'DINOv2 ViT-B/14, class token (Oquab et al. 2023)',
    url: `${hub}/Xenova/dinov2-base/resolve/31039eeb603df058f44c4e1cd25f6add34f48169/onnx/model.onnx`,
    bytes: 347_000_000,
    bytesExact: false,
    sha256: '2c7a813d6e0d25784d0c29227760b08cb72f2bee9d928da935a31480a649bbce',
    dimensions: 768,
    licence: 'Apache-2.0',
    preprocessing: 'dinov2',
  },
];
