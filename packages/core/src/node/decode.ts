import { FormatError } from '../errors.ts'
import type { ImageLike } from '../images/image.ts'

/** Decodes the bytes of a picture's file, such as the function of a PNG or JPEG library. */
export type Decoder = (bytes: Uint8Array) => ImageLike | Promise<ImageLike>

/**
 * The colours of a picture as planes of bytes R, G, B; grey ones are repeated, alpha is left out.
 * @throws FormatError when the picture has another size or no bytes.
 */
export const planesOf = (op: string, image: ImageLike, width: number, height: number): Uint8Array => {
  const { data } = image
  const pixels = width * height
  const channels = image.channels ?? data.length / pixels
  const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray
  const isWhole = Number.isInteger(channels) && channels >= 1 && channels <= 4
  if (image.width !== width || image.height !== height || !bytes || !isWhole || data.length !== channels * pixels) {
    throw new FormatError({
      op,
      problem: 'the picture does not fit',
      got: `${image.width}x${image.height} with ${data.length} values`,
      expected: `${width}x${height} pixels of 1 to 4 bytes`,
    })
  }
  const out = new Uint8Array(3 * pixels)
  for (let c = 0; c < 3; c++) {
    const from = channels < 3 ? 0 : c
    for (let i = 0; i < pixels; i++) out[c * pixels + i] = data[i * channels + from]
  }
  return out
}
