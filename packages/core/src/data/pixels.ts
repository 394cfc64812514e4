import { ShapeError, ValueError } from '../errors.ts'
import { needFloat } from '../ops/rules.ts'
import { fromData } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A decoded image: RGB or RGBA bytes, row by row; a canvas's ImageData is one. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** RGBA bytes, as the constructor of ImageData takes them. */
export interface RgbaPixels extends Pixels {
  readonly data: Uint8ClampedArray<ArrayBuffer>
}

/**
 * An image as f32 in [0, 1], as torchvision's ToTensor; alpha is left out.
 * Shape: width x height pixels -> [3, H, W].
 * @throws ValueError when the bytes are not 3 or 4 a pixel.
 * @example imageToTensor({ data: Uint8Array.of(255, 0, 51), width: 1, height: 1 }).toArray() // => [[[1]], [[0]], [[0.2]]]
 */
export const imageToTensor = ({ data, width, height }: Pixels): Tensor => {
  const pixels = width * height
  const bytes = data.length / pixels
  if (![width, height].every((n) => Number.isInteger(n) && n > 0) || (bytes !== 3 && bytes !== 4))
    throw new ValueError({
      op: 'imageToTensor',
      problem: 'the bytes do not fit the size',
      got: `${data.length} bytes for ${width} x ${height}`,
      expected: '3 or 4 bytes for each of at least one pixel',
    })
  const out = new Float32Array(3 * pixels)
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < pixels; i++) out[c * pixels + i] = data[i * bytes + c] / 255
  }
  return fromData(out, [3, height, width], 'f32')
}

/**
 * The RGBA bytes of an image, opaque. Values are cut to [0, 1] and rounded to the nearest byte; NaN gives 0.
 * Shape: x [3, H, W] (RGB) or [1, H, W] (grey).
 * @throws ShapeError when x is not one image of 1 or 3 channels.
 * @example tensorToImage(tensor([[[0.2]]])).data // => [51, 51, 51, 255]
 */
export const tensorToImage = (x: Tensor): RgbaPixels => {
  needFloat('tensorToImage', x)
  const [C, height, width] = x.shape
  if (x.rank !== 3 || (C !== 1 && C !== 3))
    throw new ShapeError({
      op: 'tensorToImage',
      problem: 'this is not an image',
      got: x.toString(),
      expected: '[3, H, W] or [1, H, W]',
    })
  const values = x.dataSync()
  const pixels = width * height
  const data = new Uint8ClampedArray(4 * pixels).fill(255)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = values[(c % C) * pixels + i] * 255
  }
  return { data, width, height }
}
