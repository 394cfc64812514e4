// Sampling of an image at points given in [-1, 1], as torch.nn.functional.grid_sample.

@inline
function at(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

const NEAREST: i32 = 1
const BICUBIC: i32 = 2
const BORDER: i32 = 1
const REFLECTION: i32 = 2

// The sampled coordinate, and its derivative by the grid's value; set by `source`.
let slope: f32 = 0

@inline
function unnormalise(value: f32, size: i32, alignCorners: i32): f32 {
  if (alignCorners) {
    slope = <f32>(size - 1) / 2
    return ((value + 1) / 2) * <f32>(size - 1)
  }
  slope = <f32>size / 2
  return ((value + 1) * <f32>size - 1) / 2
}

/** Clips to [0, size - 1]; beyond, the derivative is 0. */
function clip(x: f32, size: i32): f32 {
  const most = <f32>(size - 1)
  if (x > 0 && x < most) return x
  slope = 0
  return x <= 0 ? 0 : x >= most ? most : 0
}

/** Reflects at the edges twice(low) / 2 and twice(high) / 2. */
function reflect(x: f32, twiceLow: i32, twiceHigh: i32): f32 {
  if (twiceLow == twiceHigh) {
    slope = 0
    return 0
  }
  const low = <f32>twiceLow / 2
  const span = <f32>(twiceHigh - twiceLow) / 2
  let distance = x - low
  if (distance < 0) {
    distance = -distance
    slope = -slope
  }
  const flips = floor(distance / span)
  const extra = distance - flips * span
  // The parity of a whole number as f32.
  const even = flips - 2 * floor(flips / 2) == 0
  if (even) return extra + low
  slope = -slope
  return span - extra + low
}

/** Handles points outside; not finite ones go to -100, which is outside. */
function pad(x: f32, size: i32, padding: i32, alignCorners: i32): f32 {
  if (padding == BORDER) x = clip(x, size)
  else if (padding == REFLECTION) {
    x = alignCorners ? reflect(x, 0, 2 * (size - 1)) : reflect(x, -1, 2 * size - 1)
    x = clip(x, size)
  }
  return x - x != 0 || x > 2147483392 || x < -2147483648 ? -100 : x
}

@inline
function inside(x: i32, y: i32, W: i32, H: i32): bool {
  return <u32>x < <u32>W && <u32>y < <u32>H
}

/** Weights of the four neighbours of a point t past the second, with a = -3/4. */
@inline
function cubic(k: i32, t: f32): f32 {
  const a: f32 = -0.75
  if (k == 0) return ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a
  if (k == 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  const u: f32 = 1 - t
  if (k == 2) return ((a + 2) * u - (a + 3)) * u * u + 1
  return ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a
}

/** The derivative of each by t. */
@inline
function cubicSlope(k: i32, t: f32): f32 {
  const a: f32 = -0.75
  if (k == 0) return (3 * a * (t + 1) - 10 * a) * (t + 1) + 8 * a
  if (k == 1) return (3 * (a + 2) * t - 2 * (a + 3)) * t
  const u: f32 = 1 - t
  if (k == 2) return -((3 * (a + 2) * u - 2 * (a + 3)) * u)
  return -((3 * a * (u + 1) - 10 * a) * (u + 1) + 8 * a)
}

/** Bilinear weight of a corner, 0 or 1 along one axis, of a point t past corner 0. */
@inline
function linear(k: i32, t: f32): f32 {
  return k ? t : 1 - t
}

/** For each output pixel and each neighbour inside the image: y += w x (forward), or the two gradients. */
function samplePixel(
  pX: usize, pGrid: usize, pY: usize, pDx: usize, pDgrid: usize, C: i32, H: i32, W: i32, pixelX: usize,
  channelX: usize, channelY: usize, mode: i32, padding: i32, alignCorners: i32,
): void {
  const gradient = pDgrid != 0
  let x = unnormalise(load<f32>(pGrid), W, alignCorners)
  // Bicubic pads each neighbour, not the point.
  if (mode != BICUBIC) x = pad(x, W, padding, alignCorners)
  const slopeX = slope
  let y = unnormalise(load<f32>(pGrid, 4), H, alignCorners)
  if (mode != BICUBIC) y = pad(y, H, padding, alignCorners)
  const slopeY = slope
  const taps = mode == NEAREST ? 1 : mode == BICUBIC ? 4 : 2
  const baseX = mode == NEAREST ? nearest(x) : floor(x)
  const baseY = mode == NEAREST ? nearest(y) : floor(y)
  const tx = x - baseX
  const ty = y - baseY
  const before: f32 = mode == BICUBIC ? 1 : 0
  let dx: f64 = 0
  let dy: f64 = 0
  for (let j = 0; j < taps; j++) {
    const row = neighbour(baseY - before + <f32>j, H, mode, padding, alignCorners)
    const wy: f32 = mode == NEAREST ? 1 : mode == BICUBIC ? cubic(j, ty) : linear(j, ty)
    const sy: f32 = mode == BICUBIC ? cubicSlope(j, ty) : j ? 1 : -1
    for (let k = 0; k < taps; k++) {
      const column = neighbour(baseX - before + <f32>k, W, mode, padding, alignCorners)
      if (!inside(column, row, W, H)) continue
      const wx: f32 = mode == NEAREST ? 1 : mode == BICUBIC ? cubic(k, tx) : linear(k, tx)
      const sx: f32 = mode == BICUBIC ? cubicSlope(k, tx) : k ? 1 : -1
      const offset = <usize>(row * W + column) * pixelX
      const weight = wx * wy
      for (let c = 0; c < C; c++) {
        const i = offset + <usize>c * channelX
        const o = pY + <usize>c * channelY
        if (gradient) {
          const g = load<f32>(o)
          if (pDx) store<f32>(pDx + i, load<f32>(pDx + i) + weight * g)
          const v = <f64>load<f32>(pX + i) * <f64>g
          dx += v * <f64>(sx * wy)
          dy += v * <f64>(sy * wx)
        } else store<f32>(o, load<f32>(o) + weight * load<f32>(pX + i))
      }
    }
  }
  if (!gradient) return
  store<f32>(pDgrid, mode == NEAREST ? 0 : <f32>dx * slopeX)
  store<f32>(pDgrid, mode == NEAREST ? 0 : <f32>dy * slopeY, 4)
}

@inline
function neighbour(x: f32, size: i32, mode: i32, padding: i32, alignCorners: i32): i32 {
  const padded = mode == BICUBIC ? pad(x, size, padding, alignCorners) : x
  return padded > -2147483648 && padded < 2147483392 ? <i32>padded : -1
}

@inline
function eachPixel(
  pX: usize, pGrid: usize, pY: usize, pDx: usize, pDgrid: usize, N: i32, C: i32, H: i32, W: i32, outH: i32, outW: i32,
  mode: i32, padding: i32, alignCorners: i32, channelsLast: i32,
): void {
  const pixelX: usize = channelsLast ? <usize>C << 2 : 4
  const channelX: usize = channelsLast ? 4 : <usize>(H * W) << 2
  const channelY: usize = channelsLast ? 4 : <usize>(outH * outW) << 2
  const size = <usize>(H * W * C) << 2
  const pixels = outH * outW
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < pixels; i++) {
      samplePixel(
        pX, pGrid, pY + <usize>i * pixelX, pDx, pDgrid, C, H, W, pixelX, channelX, channelY, mode, padding, alignCorners,
      )
      pGrid += 8
      if (pDgrid) pDgrid += 8
    }
    pX += size
    if (pDx) pDx += size
    pY = at(pY, pixels * C)
  }
}

export function f32_grid_sample(
  pX: usize, pGrid: usize, pY: usize, N: i32, C: i32, H: i32, W: i32, outH: i32, outW: i32,
  mode: i32, padding: i32, alignCorners: i32, channelsLast: i32,
): void {
  memory.fill(pY, 0, <usize>(N * C * outH * outW) << 2)
  eachPixel(pX, pGrid, pY, 0, 0, N, C, H, W, outH, outW, mode, padding, alignCorners, channelsLast)
}

export function f32_grid_sample_grad(
  pX: usize, pGrid: usize, pDy: usize, pDx: usize, pDgrid: usize, N: i32, C: i32, H: i32, W: i32, outH: i32, outW: i32,
  mode: i32, padding: i32, alignCorners: i32, channelsLast: i32,
): void {
  if (pDx) memory.fill(pDx, 0, <usize>(N * C * H * W) << 2)
  eachPixel(pX, pGrid, pDy, pDx, pDgrid, N, C, H, W, outH, outW, mode, padding, alignCorners, channelsLast)
}
