/** How a U-Net goes up again, and how many parameters it has with 3 channels, 2 classes and base width 64. */
export interface UNetConfig {
  /** Whether it resizes bilinearly rather than with transposed convolutions. */
  readonly bilinear: boolean
  readonly parameters: number
}

/** The two ways up. */
export type UNetVariant = 'unet' | 'unetBilinear'

/** Data only. */
export const unetVariants: Readonly<Record<UNetVariant, UNetConfig>> = {
  unet: { bilinear: false, parameters: 31_037_698 },
  unetBilinear: { bilinear: true, parameters: 17_263_042 },
}
