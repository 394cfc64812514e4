import { encode } from 'fast-png'

/** 8-bit pixels, row by row, channels interleaved. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** 1 grey, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 3 | 4
  readonly data: Uint8Array
}

export const blank = (width: number, height: number, channels: 1 | 3 | 4, value = 255): Picture => ({
  width,
  height,
  channels,
  data: new Uint8Array(width * height * channels).fill(value),
})

/** A picture from planar values (C, H, W), with `low` drawn black and `high` drawn full. */
export const fromPlanar = (values: ArrayLike<number>, shape: readonly number[], low = 0, high = 1): Picture => {
  const [channels, height, width] = shape
  if (channels === undefined || height === undefined || width === undefined || (channels !== 1 && channels !== 3))
    throw new RangeError(`fromPlanar: shape does not fit; got [${shape.join(',')}], expected [1 or 3, H, W].`)
  const picture = blank(width, height, channels, 0)
  const plane = width * height
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++)
      picture.data[i * channels + c] = Math.round(255 * clamp01(((values[c * plane + i] ?? 0) - low) / (high - low)))
  return picture
}

/** Copies `source` into `target` with its top left corner at (left, top), cut off at the border. */
export const paste = (target: Picture, source: Picture, left: number, top: number): void => {
  for (let y = Math.max(0, -top); y < Math.min(source.height, target.height - top); y++)
    for (let x = Math.max(0, -left); x < Math.min(source.width, target.width - left); x++)
      for (let c = 0; c < target.channels; c++)
        target.data[((top + y) * target.width + left + x) * target.channels + c] =
          source.data[(y * source.width + x) * source.channels + Math.min(c, source.channels - 1)] ?? 0
}

/** Lays pictures of one size out in rows, with a gap of `gap` pixels around each. */
export const sheet = (pictures: readonly Picture[], columns: number, gap = 2): Picture => {
  const [first] = pictures
  if (!first) return blank(gap, gap, 1)
  const rows = Math.ceil(pictures.length / columns)
  const target = blank(columns * (first.width + gap) + gap, rows * (first.height + gap) + gap, first.channels)
  pictures.forEach((picture, i) => {
    const column = i % columns
    const row = (i - column) / columns
    paste(target, picture, gap + column * (first.width + gap), gap + row * (first.height + gap))
  })
  return target
}

/** The picture with every pixel repeated `factor` times both ways. */
export const enlarge = (picture: Picture, factor: number): Picture => {
  const { width, channels } = picture
  const target = blank(width * factor, picture.height * factor, channels)
  for (let y = 0; y < target.height; y++)
    for (let x = 0; x < target.width; x++)
      for (let c = 0; c < channels; c++)
        target.data[(y * target.width + x) * channels + c] =
          picture.data[(Math.floor(y / factor) * width + Math.floor(x / factor)) * channels + c] ?? 0
  return target
}

export const png = (picture: Picture): Uint8Array => encode({ ...picture, depth: 8 })

const clamp01 = (value: number): number => Math.min(1, Math.max(0, value))
