import { BasicBlock, Bottleneck, type BlockType } from './blocks.ts'

/** One size of the family. */
export interface ResNetVariant {
  readonly block: BlockType
  /** Blocks of the four stages. */
  readonly layers: readonly [number, number, number, number]
  readonly groups?: number
  readonly widthPerGroup?: number
  /** Parameters with 1,000 classes. */
  readonly params: number
  /** Multiply-adds, in thousands of millions, for 224x224. */
  readonly gmacs: number
}

export const resnet18Variant: ResNetVariant = {
  block: BasicBlock,
  layers: [2, 2, 2, 2],
  params: 11_689_512,
  gmacs: 1.814,
}
export const resnet34Variant: ResNetVariant = {
  block: BasicBlock,
  layers: [3, 4, 6, 3],
  params: 21_797_672,
  gmacs: 3.664,
}
export const resnet50Variant: ResNetVariant = {
  block: Bottleneck,
  layers: [3, 4, 6, 3],
  params: 25_557_032,
  gmacs: 4.089,
}
export const resnet101Variant: ResNetVariant = {
  block: Bottleneck,
  layers: [3, 4, 23, 3],
  params: 44_549_160,
  gmacs: 7.801,
}
export const resnet152Variant: ResNetVariant = {
  block: Bottleneck,
  layers: [3, 8, 36, 3],
  params: 60_192_808,
  gmacs: 11.514,
}
export const resnext50Variant: ResNetVariant = {
  block: Bottleneck,
  layers: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
  params: 25_028_904,
  gmacs: 4.23,
}
export const wideResnet50Variant: ResNetVariant = {
  block: Bottleneck,
  layers: [3, 4, 6, 3],
  widthPerGroup: 128,
  params: 68_883_240,
  gmacs: 11.398,
}
