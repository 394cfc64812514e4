import { ShapeError, ValueError, type Generator } from '@lanewise/core'
import { log, pow } from '../math.ts'
import { blankLike, channelsOf, storeRounded, type Picture } from './picture.ts'

/** Two pictures made one. */
export interface MixedPicture {
  readonly picture: Picture
  /** Share of the first picture: the weight of its label; the second's is 1 less this. */
  readonly share: number
}

const checkAlike = (op: string, a: Picture, b: Picture): void => {
  if (a.width === b.width && a.height === b.height && channelsOf(a) === channelsOf(b)) return
  throw new ShapeError({
    op,
    problem: 'the pictures are not alike',
    got: `${a.width}x${a.height}x${channelsOf(a)} and ${b.width}x${b.height}x${channelsOf(b)}`,
  })
}

/** A draw from the gamma distribution of shape `alpha` (Marsaglia and Tsang). */
const gamma = (alpha: number, generator: Generator): number => {
  const uniform = (): number => 1 - generator.double()
  if (alpha < 1) return gamma(alpha + 1, generator) * pow(uniform(), 1 / alpha)
  const d = alpha - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = generator.normal(new Float64Array(1))[0]
    const v = (1 + c * x) * (1 + c * x) * (1 + c * x)
    if (v > 0 && log(uniform()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v
  }
}

/**
 * A draw from Beta(alpha, alpha), the share that {@link mixup} and {@link cutmix} take.
 * @throws ValueError when alpha is not positive.
 * @example
 * import { Generator } from '@lanewise/core'
 * const share = drawShare(0.4, new Generator(0))
 * share > 0 && share < 1 // => true
 */
export const drawShare = (alpha: number, generator: Generator): number => {
  if (!(alpha > 0 && alpha < Infinity)) {
    throw new ValueError({
      op: 'drawShare',
      problem: 'alpha is not positive',
      got: String(alpha),
      expected: 'a number above 0',
    })
  }
  const a = gamma(alpha, generator)
  const b = gamma(alpha, generator)
  // Both can underflow for tiny alphas, where a share is 0 or 1.
  return a + b > 0 ? a / (a + b) : generator.randint(2)
}

/**
 * The weighted mean of two pictures.
 * @param share - of the first, 0 to 1; {@link drawShare} draws one
 * @throws ShapeError when the pictures are not alike; ValueError when the share is not 0 to 1.
 * @source Zhang et al. 2018
 * @example
 * const a = { data: Uint8Array.of(100), width: 1, height: 1 }
 * mixup(a, { ...a, data: Uint8Array.of(200) }, 0.75).picture.data // => [125]
 */
export const mixup = (a: Picture, b: Picture, share: number): MixedPicture => {
  checkAlike('mixup', a, b)
  if (!(share >= 0 && share <= 1))
    throw new ValueError({ op: 'mixup', problem: 'not a share', got: String(share), expected: '0 to 1' })
  const values = Float32Array.from(a.data, (v, i) => share * v + (1 - share) * b.data[i])
  return { picture: storeRounded(blankLike(a, a.width, a.height), values), share }
}

/**
 * A rectangle of the second picture in the first, anywhere; its area is about 1 - share, cut at the edges.
 * @returns the picture and the share of the first that is left
 * @throws ShapeError when the pictures are not alike; ValueError when the share is not 0 to 1.
 * @source Yun et al. 2019; the rectangle as in torchvision's references
 * @example
 * import { Generator } from '@lanewise/core'
 * const a = { data: new Uint8Array(16), width: 4, height: 4 }
 * const b = { ...a, data: new Uint8Array(16).fill(9) }
 * const { picture, share } = cutmix(a, b, 0.5, new Generator(0))
 * picture.data.filter((v) => v === 9).length / 16 + share // => 1
 */
export const cutmix = (a: Picture, b: Picture, share: number, generator: Generator): MixedPicture => {
  checkAlike('cutmix', a, b)
  if (!(share >= 0 && share <= 1))
    throw new ValueError({ op: 'cutmix', problem: 'not a share', got: String(share), expected: '0 to 1' })
  const { width, height } = a
  const [cx, cy] = [generator.randint(width), generator.randint(height)]
  const half = 0.5 * Math.sqrt(1 - share)
  const [halfW, halfH] = [Math.trunc(half * width), Math.trunc(half * height)]
  const [x1, y1] = [Math.max(cx - halfW, 0), Math.max(cy - halfH, 0)]
  const [x2, y2] = [Math.min(cx + halfW, width), Math.min(cy + halfH, height)]
  const picture = blankLike(a, width, height)
  picture.data.set(a.data)
  const channels = channelsOf(a)
  for (let y = y1; y < y2; y++) {
    const [from, to] = [(y * width + x1) * channels, (y * width + x2) * channels]
    picture.data.set(b.data.subarray(from, to), from)
  }
  return { picture, share: 1 - ((x2 - x1) * (y2 - y1)) / (width * height) }
}
