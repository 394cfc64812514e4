import base from '#wasm/image.base'
import type { KernelGroup } from '../host.ts'

/** Kinds of interpolation along an axis; the names and formulas are PyTorch's. */
export type InterpolationMode = 'nearest' | 'nearest-exact' | 'linear' | 'cubic'

/** How positions are computed. */
export interface InterpolationOptions {
  /** Ends map to ends. Default false. `linear` and `cubic` only. */
  readonly alignCorners?: boolean
  /** Input pixels per output pixel, when not nIn / nOut (PyTorch's scale_factor without recomputing: 1 / factor). */
  readonly scale?: number
  /** A filter as wide as the reduction. Default false. `linear` and `cubic` only. */
  readonly antialias?: boolean
}

/** Which inputs make up each output along one axis, and by how much: what `f32_resample` reads. */
export interface InterpolationTaps {
  /** Inputs per output, K. */
  readonly taps: number
  /** [nOut, K] */
  readonly index: Int32Array<ArrayBuffer>
  /** [nOut, K] */
  readonly weight: Float32Array<ArrayBuffer>
}

const fround = Math.fround

/** Input pixels per output pixel, in f32 as PyTorch has it. */
const scaleOf = (nIn: number, nOut: number, { alignCorners = false, scale }: InterpolationOptions): number => {
  if (alignCorners) return nOut > 1 ? fround((nIn - 1) / (nOut - 1)) : 0
  return fround(scale ?? nIn / nOut)
}

const clamp = (x: number, most: number): number => Math.min(Math.max(x, 0), most)

/** Coefficients of the four neighbours of a point t past the second; a is -0.75. */
const cubicWeights = (t: number): number[] => {
  const near = (x: number): number => (1.25 * x - 2.25) * x * x + 1
  const far = (x: number): number => ((-0.75 * x + 3.75) * x - 6) * x + 3
  return [far(t + 1), near(t), near(1 - t), far(2 - t)]
}

/** The filters that antialiasing widens; cubic has a = -0.5. */
const filters = {
  linear: { reach: 1, at: (x: number): number => Math.max(0, 1 - Math.abs(x)) },
  cubic: {
    reach: 2,
    at: (x: number): number => {
      const d = Math.abs(x)
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
    },
  },
}

const antialiased = (mode: 'linear' | 'cubic', nIn: number, nOut: number, scale: number): InterpolationTaps => {
  const { reach, at } = filters[mode]
  const stretch = Math.max(scale, 1)
  const support = reach * stretch
  const taps = Math.min(nIn, Math.ceil(support) * 2 + 1)
  const index = new Int32Array(nOut * taps)
  const weight = new Float32Array(nOut * taps)
  for (let o = 0; o < nOut; o++) {
    const centre = scale * (o + 0.5)
    const first = Math.max(Math.trunc(centre - support + 0.5), 0)
    const count = Math.min(Math.trunc(centre + support + 0.5), nIn) - first
    const values = Array.from({ length: count }, (_, k) => at((k + first - centre + 0.5) / stretch))
    const total = values.reduce((sum, value) => sum + value, 0)
    for (let k = 0; k < taps; k++) {
      index[o * taps + k] = Math.min(first + k, nIn - 1)
      weight[o * taps + k] = k < count ? values[k]! / total : 0
    }
  }
  return { taps, index, weight }
}

/**
 * The taps of torch.nn.functional.interpolate along one axis of nIn pixels resized to nOut.
 * @example interpolationTaps('linear', 2, 4).weight
 */
export function interpolationTaps(
  mode: InterpolationMode,
  nIn: number,
  nOut: number,
  options: InterpolationOptions = {},
): InterpolationTaps {
  const nearest = mode === 'nearest' || mode === 'nearest-exact'
  const scale = scaleOf(nIn, nOut, nearest ? { ...options, alignCorners: false } : options)
  if (!nearest && options.antialias) return antialiased(mode, nIn, nOut, scale)
  const taps = nearest ? 1 : mode === 'linear' ? 2 : 4
  const index = new Int32Array(nOut * taps)
  const weight = new Float32Array(nOut * taps)
  for (let o = 0; o < nOut; o++) {
    if (nearest) {
      const position = fround(fround(mode === 'nearest' ? o : o + 0.5) * scale)
      index[o] = Math.min(Math.floor(position), nIn - 1)
      weight[o] = 1
      continue
    }
    const whole = options.alignCorners ? fround(scale * o) : fround(fround(scale * fround(o + 0.5)) - 0.5)
    const position = mode === 'linear' ? Math.max(whole, 0) : whole
    const base = mode === 'linear' ? Math.min(Math.floor(position), nIn - 1) : Math.floor(position)
    const t = clamp(fround(position - base), 1)
    const weights = mode === 'linear' ? [fround(1 - t), t] : cubicWeights(t)
    const first = mode === 'linear' ? base : base - 1
    for (let k = 0; k < taps; k++) {
      index[o * taps + k] = clamp(first + k, nIn - 1)
      weight[o * taps + k] = weights[k]!
    }
  }
  return { taps, index, weight }
}

/** Codes of grid_sample's modes and paddings. */
export const gridSampleCodes: {
  readonly mode: { readonly bilinear: 0; readonly nearest: 1; readonly bicubic: 2 }
  readonly padding: { readonly zeros: 0; readonly border: 1; readonly reflection: 2 }
} = { mode: { bilinear: 0, nearest: 1, bicubic: 2 }, padding: { zeros: 0, border: 1, reflection: 2 } }

/** Interpolation and sampling, f32, dense data. Buffers must not overlap. */
export interface ImageKernels {
  /**
   * One axis of an interpolation, x [outer, n, inner] to y [outer, m, inner]: y[o, j, i] is the sum over k < K of
   * weight[j, k] x[o, index[j, k], i]. Resize the width first (channels last: inner = C; planar: inner = 1), then the
   * height (inner = width C, or width). Tables as {@link interpolationTaps} makes them, i32 and f32 [m, K].
   */
  f32_resample(
    pX: number,
    pY: number,
    pIndex: number,
    pWeight: number,
    outer: number,
    n: number,
    inner: number,
    m: number,
    K: number,
  ): void
  /** dx [outer, n, inner] is cleared, then gets weight[j, k] dy[o, j, i] at index[j, k]. */
  f32_resample_grad(
    pDy: number,
    pDx: number,
    pIndex: number,
    pWeight: number,
    outer: number,
    n: number,
    inner: number,
    m: number,
    K: number,
  ): void
  /**
   * torch.nn.functional.grid_sample in two dimensions: x [N, C, H, W] (or [N, H, W, C] with channelsLast 1), grid
   * [N, outH, outW, 2] of (x, y), y laid out as x. Modes and paddings: {@link gridSampleCodes}.
   */
  f32_grid_sample(
    pX: number,
    pGrid: number,
    pY: number,
    N: number,
    C: number,
    H: number,
    W: number,
    outH: number,
    outW: number,
    mode: number,
    padding: number,
    alignCorners: number,
    channelsLast: number,
  ): void
  /** dgrid [N, outH, outW, 2] is written always, dx unless pDx is 0. */
  f32_grid_sample_grad(
    pX: number,
    pGrid: number,
    pDy: number,
    pDx: number,
    pDgrid: number,
    N: number,
    C: number,
    H: number,
    W: number,
    outH: number,
    outW: number,
    mode: number,
    padding: number,
    alignCorners: number,
    channelsLast: number,
  ): void
}

/** The image group; pass it to `KernelHost.use`. */
export const image: KernelGroup<ImageKernels> = { name: 'image', base }
