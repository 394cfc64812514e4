import { ShapeError } from '../errors.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Generator } from '../random/generator.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { clip } from '../ops/clip.ts'
import { mean } from '../ops/reduce.ts'
import { slice } from '../ops/views.ts'
import { fromData } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { drawUniform, type RandomTransformOptions } from './geometry.ts'
import { checkOption, needImage, type Transform } from './image.ts'

/** A value per channel, to broadcast over [C, H, W]. */
const perChannel = (op: string, x: Tensor, values: readonly number[]): Tensor => {
  needImage(op, x)
  const C = x.shape[x.rank - 3]
  if (values.length !== 1 && values.length !== C) {
    throw new ShapeError({
      op,
      problem: 'the values do not fit the channels',
      got: `${values.length} values for ${show(x.shape)}`,
      expected: `1 or ${C}`,
    })
  }
  const data = x.dtype === 'f64' ? Float64Array.from(values) : Float32Array.from(values)
  return fromData(data, [values.length, 1, 1], x.dtype, x.backend)
}

/**
 * (x - mean) / std by channel, as torchvision's Normalize.
 * @throws ValueError when a `std` is 0, ShapeError when the values do not fit the channels.
 * @example transforms.normalize([0.5], [0.25])(tensor([[[0.5, 1]]])).toArray() // => [[[0, 2]]]
 */
export const normalize = (means: readonly number[], std: readonly number[]): Transform => {
  checkOption(
    'normalize',
    'std',
    std,
    std.every((s) => s !== 0),
    'no 0',
  )
  return (x) => div(sub(x, perChannel('normalize', x, means)), perChannel('normalize', x, std))
}

const channel = (x: Tensor, c: number): Tensor => slice(x, -3, c, c + 1)

const needRgb = (op: string, x: Tensor): void => {
  needImage(op, x)
  if (x.shape[x.rank - 3] !== 3)
    throw new ShapeError({ op, problem: 'not a colour image', got: show(x.shape), expected: '3 channels' })
}

/**
 * The brightness that an eye sees, as torchvision's rgb_to_grayscale.   0.2989 R + 0.587 G + 0.114 B
 * Shape: [3, H, W] -> [1, H, W].
 * @example transforms.grayscale(ones([3, 1, 1])).toArray() // => [[[0.9999]]]
 */
export const grayscale: Transform = (x) => {
  needRgb('grayscale', x)
  return add(add(mul(channel(x, 0), 0.2989), mul(channel(x, 1), 0.587)), mul(channel(x, 2), 0.114))
}

const blend = (x: Tensor, other: Tensor | number, factor: number): Tensor =>
  clip(add(mul(x, factor), mul(other, 1 - factor)), 0, 1)

/** Towards black below 1, brighter above. @example transforms.adjustBrightness(0.5)(tensor([[[1, 0.5]]])).toArray() // => [[[0.5, 0.25]]] */
export const adjustBrightness =
  (factor: number): Transform =>
  (x) => {
    needImage('adjustBrightness', x)
    return clip(mul(x, factor), 0, 1)
  }

/** Towards the mean brightness below 1, away from it above. @example transforms.adjustContrast(0)(tensor([[[0, 1]]])).toArray() // => [[[0.5, 0.5]]] */
export const adjustContrast =
  (factor: number): Transform =>
  (x) => {
    needImage('adjustContrast', x)
    const gray = x.shape[x.rank - 3] === 3 ? grayscale(x) : x
    return blend(x, mean(gray, [-3, -2, -1], true), factor)
  }

/** Towards grey below 1, more colourful above. @example transforms.adjustSaturation(1)(ones([3, 1, 1])).shape // => [3, 1, 1] */
export const adjustSaturation =
  (factor: number): Transform =>
  (x) =>
    blend(x, grayscale(x), factor)

/** Hue in [0, 1), saturation and value of one pixel. */
const toHsv = (r: number, g: number, b: number): readonly [number, number, number] => {
  const [top, low] = [Math.max(r, g, b), Math.min(r, g, b)]
  const range = top - low
  if (range === 0) return [0, 0, top]
  const sector = top === r ? (g - b) / range : top === g ? 2 + (b - r) / range : 4 + (r - g) / range
  return [(sector / 6 + 1) % 1, range / top, top]
}

/** One channel of a pixel of the given hue, saturation and value; n is 5, 3 and 1 for R, G and B. */
const fromHsv = (n: number, h: number, s: number, v: number): number => {
  const k = (n + h * 6) % 6
  return v - v * s * Math.max(0, Math.min(k, 4 - k, 1))
}

/**
 * Turns the colour circle by `factor` of a full turn, in [-0.5, 0.5]. Outside of the graph.
 * @example transforms.adjustHue(1 / 3)(tensor([[[1]], [[0]], [[0]]])).toArray() // => [[[0]], [[1]], [[0]]]
 */
export const adjustHue = (factor: number): Transform => {
  checkOption('adjustHue', 'factor', factor, factor >= -0.5 && factor <= 0.5, 'a number in [-0.5, 0.5]')
  return (x) => {
    needRgb('adjustHue', x)
    const data = x.dataSync()
    const plane = x.shape[x.rank - 1] * x.shape[x.rank - 2]
    for (let at = 0; at < data.length; at += 3 * plane) {
      for (let i = at; i < at + plane; i++) {
        const [h, s, v] = toHsv(data[i], data[i + plane], data[i + 2 * plane])
        const turned = (h + factor + 1) % 1
        for (let c = 0; c < 3; c++) data[i + c * plane] = fromHsv(5 - 2 * c, turned, s, v)
      }
    }
    return fromData(data, x.shape, x.dtype, x.backend)
  }
}

/** What {@link colorJitter} takes: how far a factor may go from 1, or its bounds. */
export interface ColorJitterOptions extends RandomTransformOptions {
  readonly brightness?: number | readonly [number, number]
  readonly contrast?: number | readonly [number, number]
  readonly saturation?: number | readonly [number, number]
  /** How far the hue may turn, in [0, 0.5], or its bounds. */
  readonly hue?: number | readonly [number, number]
}

const boundsOf = (
  name: string,
  given: number | readonly [number, number] | undefined,
  middle: number,
): readonly [number, number] | null => {
  if (given === undefined || given === 0) return null
  if (typeof given !== 'number') return given
  const reach = middle === 0 ? 0.5 : Infinity
  checkOption('colorJitter', name, given, given >= 0 && given <= reach, `a number in [0, ${reach}]`)
  return [middle === 0 ? -given : Math.max(0, middle - given), middle + given]
}

/**
 * Random brightness, contrast, saturation and hue in random order, with the draws of torchvision's ColorJitter.
 * @throws ValueError when an option is out of range.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.colorJitter({ brightness: 0.2, hue: 0.1 })(ones([3, 2, 2])).shape // => [3, 2, 2]
 */
export const colorJitter = (options: ColorJitterOptions = {}): Transform => {
  const bounds = [
    boundsOf('brightness', options.brightness, 1),
    boundsOf('contrast', options.contrast, 1),
    boundsOf('saturation', options.saturation, 1),
    boundsOf('hue', options.hue, 0),
  ]
  const adjust = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue]
  return (x) => {
    const generator: Generator = options.generator ?? defaultGenerator()
    const order = generator.randperm(4)
    const factors = bounds.map((range) => (range === null ? null : drawUniform(generator, range[0], range[1])))
    return order.reduce((y, i) => (factors[i] === null ? y : adjust[i](factors[i])(y)), x)
  }
}
