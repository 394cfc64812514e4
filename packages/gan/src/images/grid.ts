import { ShapeError, ValueError, type Tensor } from '@lanewise/core'

/** How {@link sampleGrid} lays samples out. */
export interface SampleGridOptions {
  /** Pictures in a row. Default 8. */
  readonly columns?: number
  /** Pixels around each picture. Default 2. */
  readonly padding?: number
  /** The value drawn black. Default -1. */
  readonly low?: number
  /** The value drawn in full. Default 1. */
  readonly high?: number
}

/** 8-bit pixels, row by row, channels interleaved: what PNG encoders take. */
export interface GridPicture {
  readonly width: number
  readonly height: number
  /** 1 grey, 3 RGB. */
  readonly channels: 1 | 3
  readonly data: Uint8Array<ArrayBuffer>
}

/**
 * One picture of many samples, in rows, on white.
 * Shape: images [N, C, H, W] with C 1 or 3.
 * @throws ShapeError for another shape, ValueError when an option is out of range.
 * @example
 * import { zeros } from '@lanewise/core'
 * sampleGrid(zeros([10, 1, 28, 28]), { columns: 5 }).width // => 152
 */
export const sampleGrid = (images: Tensor, options: SampleGridOptions = {}): GridPicture => {
  const { columns = 8, padding = 2, low = -1, high = 1 } = options
  if (images.rank !== 4 || (images.shape[1] !== 1 && images.shape[1] !== 3)) {
    throw new ShapeError({
      op: 'sampleGrid',
      problem: 'not a batch of pictures',
      got: `[${images.shape.join(',')}]`,
      expected: '[N, 1 or 3, H, W]',
    })
  }
  if (!Number.isInteger(columns) || columns < 1 || !Number.isInteger(padding) || padding < 0 || !(low < high)) {
    throw new ValueError({
      op: 'sampleGrid',
      problem: 'an option is out of range',
      got: `columns ${columns}, padding ${padding}, low ${low}, high ${high}`,
      expected: 'integers columns >= 1 and padding >= 0, low < high',
    })
  }
  const [N, C, H, W] = images.shape
  const values = images.dataSync()
  const width = columns * (W + padding) + padding
  const height = Math.ceil(N / columns) * (H + padding) + padding
  const data = new Uint8Array(width * height * C).fill(255)
  for (let n = 0; n < N; n++) {
    const left = padding + (n % columns) * (W + padding)
    const top = padding + Math.floor(n / columns) * (H + padding)
    for (let c = 0; c < C; c++)
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++) {
          const value = (values[((n * C + c) * H + y) * W + x] - low) / (high - low)
          data[((top + y) * width + left + x) * C + c] = Math.round(255 * Math.min(1, Math.max(0, value)))
        }
  }
  return { width, height, channels: C === 1 ? 1 : 3, data }
}
