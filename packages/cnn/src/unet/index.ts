export { UNet, unet, type UNetOptions } from './unet.ts'
export { unetVariants, type UNetConfig, type UNetVariant } from './variants.ts'
