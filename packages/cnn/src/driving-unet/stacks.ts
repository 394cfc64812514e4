/** Widths of the 3x3 convolutions of each level down, before it is pooled. */
export const encoderStacks: readonly (readonly number[])[] = [
  [64, 32],
  [64, 32],
  [128, 64, 32],
  [128, 64, 32],
  [256, 128, 64, 32],
  [128, 64, 32],
]

/** Widths at the bottom, and of each level up. */
export const decoderStack: readonly number[] = [256, 128, 64, 32]
