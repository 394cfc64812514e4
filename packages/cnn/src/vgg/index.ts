export {
  Vgg,
  vgg11,
  vgg11Bn,
  vgg13,
  vgg13Bn,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
  type VggConfig,
  type VggOptions,
} from './vgg.ts'
export type { VggLayers } from './variants.ts'
