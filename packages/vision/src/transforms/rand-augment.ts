import { ValueError, type Generator } from '@lanewise/core'
import { atan } from '../math.ts'
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  posterize,
  solarize,
} from './color.ts'
import { isBytes } from './picture.ts'
import { rotateSample, type RandomWarpOptions, type Transform } from './random.ts'
import { recolorSample, warpSample, type Sample } from './sample.ts'
import { affineMap } from './warp.ts'

/** Options of {@link randAugment}. */
export interface RandAugmentOptions extends RandomWarpOptions {
  /** Changes of a picture. Default 2. */
  readonly count?: number
  /** Strength, 0 to bins - 1. Default 9. */
  readonly magnitude?: number
  /** Steps of strength. Default 31. */
  readonly bins?: number
}

/** A change: its strength at a share of the full range, whether its sign is drawn, and itself. */
interface Change {
  readonly strength: (share: number, width: number, height: number) => number
  readonly signed: boolean
  readonly apply: (sample: Sample, strength: number, options: RandomWarpOptions) => Sample
}

const none = (): number => 0

const degrees = 180 / Math.PI

/** Sheared about the upper left corner, by a slope. */
const shear = (sample: Sample, x: number, y: number, options: RandomWarpOptions): Sample =>
  warpSample(
    sample,
    affineMap({ shear: [atan(x) * degrees, atan(y) * degrees], center: [0, 0] }, sample.image),
    options,
  )

const shift = (sample: Sample, x: number, y: number, options: RandomWarpOptions): Sample =>
  warpSample(sample, affineMap({ translate: [Math.trunc(x), Math.trunc(y)] }, sample.image), options)

const changes: readonly Change[] = [
  { strength: none, signed: false, apply: (sample) => sample },
  { strength: (s) => 0.3 * s, signed: true, apply: (sample, s, o) => shear(sample, s, 0, o) },
  { strength: (s) => 0.3 * s, signed: true, apply: (sample, s, o) => shear(sample, 0, s, o) },
  { strength: (s, w) => (150 / 331) * w * s, signed: true, apply: (sample, s, o) => shift(sample, s, 0, o) },
  { strength: (s, _, h) => (150 / 331) * h * s, signed: true, apply: (sample, s, o) => shift(sample, 0, s, o) },
  { strength: (s) => 30 * s, signed: true, apply: (sample, s, o) => rotateSample(sample, s, o) },
  {
    strength: (s) => 0.9 * s,
    signed: true,
    apply: (sample, s) => recolorSample(sample, (p) => adjustBrightness(p, 1 + s)),
  },
  {
    strength: (s) => 0.9 * s,
    signed: true,
    apply: (sample, s) => recolorSample(sample, (p) => adjustSaturation(p, 1 + s)),
  },
  {
    strength: (s) => 0.9 * s,
    signed: true,
    apply: (sample, s) => recolorSample(sample, (p) => adjustContrast(p, 1 + s)),
  },
  {
    strength: (s) => 0.9 * s,
    signed: true,
    apply: (sample, s) => recolorSample(sample, (p) => adjustSharpness(p, 1 + s)),
  },
  {
    strength: (s) => 8 - Math.round(4 * s),
    signed: false,
    apply: (sample, s) => recolorSample(sample, (p) => posterize(p, s)),
  },
  { strength: (s) => 255 - 255 * s, signed: false, apply: (sample, s) => recolorSample(sample, (p) => solarize(p, s)) },
  { strength: none, signed: false, apply: (sample) => recolorSample(sample, autocontrast) },
  { strength: none, signed: false, apply: (sample) => recolorSample(sample, equalize) },
]

/**
 * A few random changes of one strength; boxes, masks and points go along. For pictures of bytes.
 * @throws ValueError when the strength is outside of its steps, or at use for a picture of floats.
 * @source Cubuk et al. 2020; checked against torchvision's RandAugment 0.14, to the same draws, in transforms.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: new Uint8Array(75).fill(99), width: 5, height: 5 }
 * randAugment({ count: 2, magnitude: 9 })({ image }, new Generator(0)).image.width // => 5
 */
export const randAugment = ({
  count = 2,
  magnitude = 9,
  bins = 31,
  ...options
}: RandAugmentOptions = {}): Transform => {
  if (!(magnitude >= 0 && magnitude < bins && Number.isInteger(magnitude))) {
    throw new ValueError({
      op: 'randAugment',
      problem: 'the magnitude is out of range',
      got: String(magnitude),
      expected: `0 to ${bins - 1}`,
    })
  }
  const share = magnitude / (bins - 1)
  return (given, generator: Generator) => {
    if (!isBytes(given.image)) {
      throw new ValueError({
        op: 'randAugment',
        problem: 'the picture is not of bytes',
        advice: 'Put it before toFloat and normalize',
      })
    }
    let sample = given
    for (let k = 0; k < count; k++) {
      const change = changes[generator.randint(changes.length)]
      const strength = change.strength(share, sample.image.width, sample.image.height)
      const sign = change.signed && generator.randint(2) === 1 ? -1 : 1
      sample = change.apply(sample, sign * Math.fround(strength), options)
    }
    return sample
  }
}
