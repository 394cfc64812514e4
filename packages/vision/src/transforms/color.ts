import { DTypeError, ValueError } from '@lanewise/core'
import { exp, pow } from '../math.ts'
import { blankLike, channelsOf, colorChannels, isBytes, storeRounded, type Picture } from './picture.ts'

const { fround } = Math

/** The picture with every colour value replaced; opacity stays. Bytes are clamped and cut, as torchvision casts. */
const mapColors = (picture: Picture, value: (v: number, c: number, pixel: number) => number): Picture => {
  const out = blankLike(picture, picture.width, picture.height)
  const channels = channelsOf(picture)
  const colors = colorChannels(picture)
  const bytes = isBytes(picture)
  const { data } = picture
  for (let i = 0; i < data.length; i++) {
    const c = i % channels
    if (c >= colors) out.data[i] = data[i]
    else {
      const v = value(data[i], c, i - c)
      out.data[i] = bytes ? Math.trunc(Math.min(Math.max(v, 0), 255)) : v
    }
  }
  return out
}

const unit = (picture: Picture): number => (isBytes(picture) ? 255 : 1)

const needPositive = (op: string, factor: number): void => {
  if (factor >= 0) return
  throw new ValueError({ op, problem: 'the factor is negative', got: String(factor), expected: 'a number from 0 on' })
}

/** a times ratio plus b times the rest, clamped. */
const blend = (picture: Picture, ratio: number, other: (pixel: number, c: number) => number): Picture => {
  const bound = unit(picture)
  const [r, rest] = [fround(ratio), fround(1 - ratio)]
  return mapColors(picture, (v, c, pixel) => {
    const mixed = fround(fround(r * v) + fround(rest * other(pixel, c)))
    return mixed < 0 ? 0 : mixed > bound ? bound : mixed
  })
}

/** Grey value of a pixel by the weights of ITU-R 601-2. */
const greyOf = ({ data }: Picture, pixel: number, bytes: boolean): number => {
  const grey = fround(
    fround(fround(0.2989 * data[pixel]) + fround(0.587 * data[pixel + 1])) + fround(0.114 * data[pixel + 2]),
  )
  return bytes ? Math.trunc(grey) : grey
}

/**
 * The picture in grey, all its colour channels alike.
 * @source Checked against torchvision's rgb_to_grayscale 0.14 in transforms.test.ts
 * @example
 * toGrey({ data: Uint8Array.of(255, 0, 0), width: 1, height: 1 }).data // => [76, 76, 76]
 */
export const toGrey = (picture: Picture): Picture =>
  colorChannels(picture) < 3 ? picture : mapColors(picture, (_, c, pixel) => greyOf(picture, pixel, isBytes(picture)))

/**
 * Brightness: 0 is black, 1 the picture.
 * @throws ValueError when the factor is negative.
 * @source Checked against torchvision's adjust_brightness 0.14 in transforms.test.ts
 * @example
 * adjustBrightness({ data: Uint8Array.of(100, 200), width: 2, height: 1 }, 1.5).data // => [150, 255]
 */
export const adjustBrightness = (picture: Picture, factor: number): Picture => {
  needPositive('adjustBrightness', factor)
  return blend(picture, factor, () => 0)
}

/**
 * Contrast: 0 is even grey, 1 the picture.
 * @throws ValueError when the factor is negative.
 * @source Checked against torchvision's adjust_contrast 0.14 in transforms.test.ts
 * @example
 * adjustContrast({ data: Uint8Array.of(100, 200), width: 2, height: 1 }, 0.5).data // => [125, 175]
 */
export const adjustContrast = (picture: Picture, factor: number): Picture => {
  needPositive('adjustContrast', factor)
  const { data } = picture
  const channels = channelsOf(picture)
  const grey = colorChannels(picture) >= 3
  let sum = 0
  for (let i = 0; i < data.length; i += channels) sum += grey ? greyOf(picture, i, isBytes(picture)) : data[i]
  const mean = fround((sum * channels) / data.length)
  return blend(picture, factor, () => mean)
}

/**
 * Saturation: 0 is grey, 1 the picture.
 * @throws ValueError when the factor is negative.
 * @source Checked against torchvision's adjust_saturation 0.14 in transforms.test.ts
 * @example
 * adjustSaturation({ data: Uint8Array.of(200, 100, 100), width: 1, height: 1 }, 0).data // => [129, 129, 129]
 */
export const adjustSaturation = (picture: Picture, factor: number): Picture => {
  needPositive('adjustSaturation', factor)
  if (colorChannels(picture) < 3) return picture
  return blend(picture, factor, (pixel) => greyOf(picture, pixel, isBytes(picture)))
}

/** Red, green and blue of hue, saturation and value, all 0 to 1. */
const fromHsv = (h: number, s: number, v: number): [number, number, number] => {
  const sixth = Math.floor(fround(h * 6))
  const f = fround(fround(h * 6) - sixth)
  const at = (x: number): number => Math.min(Math.max(fround(v * fround(1 - x)), 0), 1)
  const [p, q, t] = [at(s), at(fround(s * f)), at(fround(s * fround(1 - f)))]
  switch (((sixth % 6) + 6) % 6) {
    case 0:
      return [v, t, p]
    case 1:
      return [q, v, p]
    case 2:
      return [p, v, t]
    case 3:
      return [p, q, v]
    case 4:
      return [t, p, v]
    default:
      return [v, p, q]
  }
}

/** Hue, saturation and value of red, green and blue. */
const toHsv = (r: number, g: number, b: number): [number, number, number] => {
  const most = Math.max(r, g, b)
  const range = fround(most - Math.min(r, g, b))
  if (range === 0) return [0, 0, most]
  const [rc, gc, bc] = [r, g, b].map((v) => fround(fround(most - v) / range))
  const sixths = most === r ? fround(bc - gc) : most === g ? fround(fround(2 + rc) - bc) : fround(fround(4 + gc) - rc)
  return [fround(fround(fround(sixths / 6) + 1) % 1), fround(range / most), most]
}

/**
 * Hue turned by a share of the circle, -0.5 to 0.5.
 * @throws ValueError when the shift is out of range.
 * @source Checked against torchvision's adjust_hue 0.14 in transforms.test.ts
 * @example
 * adjustHue({ data: Uint8Array.of(255, 0, 0), width: 1, height: 1 }, 0.5).data // => [0, 255, 255]
 */
export const adjustHue = (picture: Picture, shift: number): Picture => {
  if (!(shift >= -0.5 && shift <= 0.5)) {
    throw new ValueError({
      op: 'adjustHue',
      problem: 'the shift is out of range',
      got: String(shift),
      expected: '-0.5 to 0.5',
    })
  }
  if (colorChannels(picture) < 3) return picture
  const { data } = picture
  const scale = unit(picture)
  let last = -1
  let rgb = [0, 0, 0]
  return mapColors(picture, (_, c, pixel) => {
    if (pixel !== last) {
      last = pixel
      const [h, s, v] = toHsv(
        fround(data[pixel] / scale),
        fround(data[pixel + 1] / scale),
        fround(data[pixel + 2] / scale),
      )
      const turned = fround(h + fround(shift))
      rgb = fromHsv(turned - Math.floor(turned), s, v)
    }
    return fround(rgb[c] * scale)
  })
}

/**
 * Gamma: gain * v^gamma.
 * @throws ValueError when gamma is negative.
 * @source Checked against torchvision's adjust_gamma 0.14 in transforms.test.ts
 * @example
 * adjustGamma({ data: Float32Array.of(0.25, 1), width: 2, height: 1 }, 0.5).data // => [0.5, 1]
 */
export const adjustGamma = (picture: Picture, gamma: number, gain = 1): Picture => {
  needPositive('adjustGamma', gamma)
  const bytes = isBytes(picture)
  return mapColors(picture, (v) => {
    const changed = Math.min(Math.max(gain * pow(fround(v / unit(picture)), gamma), 0), 1)
    return bytes ? fround(fround(changed) * fround(255.999)) : changed
  })
}

/**
 * Sharpness: 0 is a soft picture, 1 the picture itself, 2 a sharper one.
 * @throws ValueError when the factor is negative.
 * @source Checked against torchvision's adjust_sharpness 0.14 in transforms.test.ts
 * @example
 * const dot = { data: Uint8Array.of(0, 0, 0, 0, 130, 0, 0, 0, 0), width: 3, height: 3 }
 * adjustSharpness(dot, 0).data[4] // => 50
 */
export const adjustSharpness = (picture: Picture, factor: number): Picture => {
  needPositive('adjustSharpness', factor)
  const { data, width, height } = picture
  if (width <= 2 || height <= 2) return picture
  const channels = channelsOf(picture)
  const soft = Float32Array.from(data)
  for (let y = 1; y < height - 1; y++) {
    for (let i = (y * width + 1) * channels; i < (y * width + width - 1) * channels; i++) {
      let sum = 4 * data[i]
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += data[i + (dy * width + dx) * channels]
      soft[i] = sum / 13
    }
  }
  const rounded = storeRounded(blankLike(picture, width, height), soft).data
  return blend(picture, factor, (pixel, c) => rounded[pixel + c])
}

/**
 * Every value subtracted from the largest.
 * @example
 * invertColors({ data: Uint8Array.of(0, 200), width: 2, height: 1 }).data // => [255, 55]
 */
export const invertColors = (picture: Picture): Picture => mapColors(picture, (v) => unit(picture) - v)

/**
 * Values from `threshold` on inverted.
 * @example
 * solarize({ data: Uint8Array.of(10, 200), width: 2, height: 1 }, 128).data // => [10, 55]
 */
export const solarize = (picture: Picture, threshold: number): Picture =>
  mapColors(picture, (v) => (v >= threshold ? unit(picture) - v : v))

const needBytes = (op: string, picture: Picture): void => {
  if (isBytes(picture)) return
  throw new DTypeError({ op, problem: 'the picture is not of bytes', got: 'floats', advice: 'Use toBytePicture first' })
}

/**
 * Only the upper `bits` bits of every byte kept.
 * @throws DTypeError for floats; ValueError when the bits are not 0 to 8.
 * @example
 * posterize({ data: Uint8Array.of(100, 200), width: 2, height: 1 }, 2).data // => [64, 192]
 */
export const posterize = (picture: Picture, bits: number): Picture => {
  needBytes('posterize', picture)
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= 8)) {
    throw new ValueError({ op: 'posterize', problem: 'not a number of bits', got: String(bits), expected: '0 to 8' })
  }
  const mask = -(1 << (8 - bits))
  return mapColors(picture, (v) => v & mask)
}

/**
 * Each channel stretched to the full range.
 * @source Checked against torchvision's autocontrast 0.14 in transforms.test.ts
 * @example
 * autocontrast({ data: Uint8Array.of(50, 100, 150), width: 3, height: 1 }).data // => [0, 127, 255]
 */
export const autocontrast = (picture: Picture): Picture => {
  const channels = channelsOf(picture)
  const bound = unit(picture)
  const low = new Array<number>(channels).fill(Infinity)
  const high = new Array<number>(channels).fill(-Infinity)
  picture.data.forEach((v, i) => {
    low[i % channels] = Math.min(low[i % channels], v)
    high[i % channels] = Math.max(high[i % channels], v)
  })
  return mapColors(picture, (v, c) => {
    if (high[c] === low[c]) return v
    return Math.min(Math.max(fround(fround(v - low[c]) * fround(bound / fround(high[c] - low[c]))), 0), bound)
  })
}

/**
 * Each channel with its values spread evenly over the range.
 * @throws DTypeError for floats.
 * @source Checked against torchvision's equalize 0.14 in transforms.test.ts
 * @example
 * equalize({ data: Uint8Array.from({ length: 512 }, (_, i) => i >> 3), width: 512, height: 1 }).data[511] // => 255
 */
export const equalize = (picture: Picture): Picture => {
  needBytes('equalize', picture)
  const channels = channelsOf(picture)
  const tables = Array.from({ length: channels }, (_, c) => equalizeTable(picture, c, channels))
  return mapColors(picture, (v, c) => tables[c][v])
}

const equalizeTable = ({ data }: Picture, channel: number, channels: number): ArrayLike<number> => {
  const histogram = new Int32Array(256)
  for (let i = channel; i < data.length; i += channels) histogram[data[i]]++
  let last = 255
  while (histogram[last] === 0) last--
  const step = Math.floor((data.length / channels - histogram[last]) / 255)
  if (step === 0) return Uint8Array.from({ length: 256 }, (_, v) => v)
  const table = new Int32Array(256)
  for (let v = 1, sum = 0; v < 256; v++) {
    sum += histogram[v - 1]
    table[v] = Math.min(Math.floor((sum + Math.floor(step / 2)) / step), 255)
  }
  return table
}

/**
 * Blurred by a Gaussian; the picture is mirrored at its edges, which are not repeated.
 * @param kernelSize - odd, for both axes or [x, y]
 * @param sigma - in pixels, for both axes or [x, y]. Default 0.15 kernelSize + 0.35
 * @throws ValueError when the kernel is not odd or too large for mirroring, or sigma is not positive.
 * @source Checked against torchvision's gaussian_blur 0.14 in transforms.test.ts
 * @example
 * gaussianBlur({ data: Float32Array.of(0, 0, 1, 0, 0), width: 5, height: 1 }, [3, 1], 0.5).data // => [0, 0.10650698, 0.78698604, 0.10650698, 0]
 */
export const gaussianBlur = (
  picture: Picture,
  kernelSize: number | readonly [x: number, y: number],
  sigma?: number | readonly [x: number, y: number],
): Picture => {
  const { width, height } = picture
  const sizes = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize
  const sigmas = typeof sigma === 'number' ? [sigma, sigma] : (sigma ?? sizes.map((n) => 0.15 * n + 0.35))
  const fits = sizes.every((n, k) => n % 2 === 1 && n > 0 && (n - 1) / 2 < (k === 0 ? width : height))
  if (!fits || !sigmas.every((s) => s > 0)) {
    throw new ValueError({
      op: 'gaussianBlur',
      problem: 'kernel or sigma do not fit',
      got: `kernel ${sizes.join('x')}, sigma ${sigmas.join(' and ')}, picture ${width}x${height}`,
      expected: 'an odd kernel less than twice the picture, and a positive sigma',
    })
  }
  const channels = channelsOf(picture)
  const wide = convolve(
    Float32Array.from(picture.data),
    gaussian(sizes[0], sigmas[0]),
    width,
    channels,
    height * width * channels,
  )
  const both = convolve(wide, gaussian(sizes[1], sigmas[1]), height, width * channels, height * width * channels)
  return storeRounded(blankLike(picture, width, height), both)
}

const gaussian = (size: number, sigma: number): Float64Array => {
  const kernel = Float64Array.from({ length: size }, (_, k) => {
    const x = (k - (size - 1) / 2) / sigma
    return exp(-0.5 * x * x)
  })
  const sum = kernel.reduce((a, b) => a + b, 0)
  return kernel.map((v) => v / sum)
}

/** Convolves along an axis of `length` places that lie `stride` apart, mirrored at the ends. */
const convolve = (
  x: Float32Array,
  kernel: Float64Array,
  length: number,
  stride: number,
  size: number,
): Float32Array => {
  const out = new Float32Array(size)
  const half = (kernel.length - 1) / 2
  for (let i = 0; i < size; i++) {
    const place = Math.floor(i / stride) % length
    let sum = 0
    for (let k = -half; k <= half; k++) {
      const at = Math.abs(place + k)
      sum += kernel[k + half] * x[i + ((at < length ? at : 2 * length - 2 - at) - place) * stride]
    }
    out[i] = sum
  }
  return out
}
