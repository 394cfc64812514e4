/** Output channels of the 3x3 convolutions in order; `pool` halves the image. */
export type VggLayers = readonly (number | 'pool')[]

/** One size of the family. */
export interface VggVariant {
  readonly layers: VggLayers
  /** Parameters with 1,000 classes: without and with batch norm. */
  readonly params: readonly [plain: number, batchNorm: number]
}

export const vgg11Variant: VggVariant = {
  layers: [64, 'pool', 128, 'pool', 256, 256, 'pool', 512, 512, 'pool', 512, 512, 'pool'],
  params: [132_863_336, 132_868_840],
}
export const vgg13Variant: VggVariant = {
  layers: [64, 64, 'pool', 128, 128, 'pool', 256, 256, 'pool', 512, 512, 'pool', 512, 512, 'pool'],
  params: [133_047_848, 133_053_736],
}
export const vgg16Variant: VggVariant = {
  layers: [64, 64, 'pool', 128, 128, 'pool', 256, 256, 256, 'pool', 512, 512, 512, 'pool', 512, 512, 512, 'pool'],
  params: [138_357_544, 138_365_992],
}
export const vgg19Variant: VggVariant = {
  // prettier-ignore
  layers: [
    64, 64, 'pool', 128, 128, 'pool', 256, 256, 256, 256, 'pool',
    512, 512, 512, 512, 'pool', 512, 512, 512, 512, 'pool',
  ],
  params: [143_667_240, 143_678_248],
}
