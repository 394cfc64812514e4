import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4 } from '../lib/vector'
import { d2 } from '../lib/math64'
import { lanesSum, rowMax, widen } from '../lib/rows'
import { rowLogSum, share } from './softmax'

@inline
function weightOf(pW: usize, c: i32): f32 {
  return pW ? load<f32>(pW + (<usize>c << 2)) : 1
}

/** Sum over classes of w (x - log sum exp x), the part that label smoothing weighs. */
function weightedSum(pX: usize, pW: usize, C: i32, lse: v128): f64 {
  let total = d2(0)
  for (; C > 0; C -= 4, pX += 16) {
    let v = f32x4.sub(loadUpTo4(pX, C), lse)
    if (pW) {
      v = f32x4.mul(v, loadUpTo4(pW, C))
      pW += 16
    }
    if (C < 4) v = v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(C)))
    total = widen(total, v)
  }
  return lanesSum(total)
}

export function f32_cross_entropy(
  pX: usize, pTarget: usize, pW: usize, pLoss: usize, pLse: usize, N: i32, C: i32, ignoreIndex: i32, smoothing: f32,
): void {
  for (let i = 0; i < N; i++, pX += <usize>C << 2, pTarget += 4, pLoss += 4, pLse += 4) {
    const m = rowMax(pX, C)
    const logSum = rowLogSum(pX, C, m)
    const lse = f32x4.add(m, logSum)
    v128.store32_lane(pLse, lse, 0)
    const t = load<i32>(pTarget)
    if (t == ignoreIndex || <u32>t >= <u32>C) {
      store<f32>(pLoss, 0)
      continue
    }
    // (x - m) - log sum keeps the digits that x - lse loses when m is large.
    const logP = load<f32>(pX + (<usize>t << 2)) - f32x4.extract_lane(m, 0) - f32x4.extract_lane(logSum, 0)
    let loss = -weightOf(pW, t) * logP
    if (smoothing > 0) {
      loss = (1 - smoothing) * loss - <f32>(<f64>smoothing / <f64>C * weightedSum(pX, pW, C, lse))
    }
    store<f32>(pLoss, loss)
  }
}

function sumOf(pW: usize, C: i32): f32 {
  let total: f64 = 0
  for (let c = 0; c < C; c++) total += <f64>weightOf(pW, c)
  return <f32>total
}

/** dx_c = g (K p_c - k_c), k_c the weight of -log p_c in the loss and K the sum of these weights. */
export function f32_cross_entropy_grad(
  pX: usize, pTarget: usize, pW: usize, pLse: usize, pDloss: usize, pDx: usize, N: i32, C: i32,
  ignoreIndex: i32, smoothing: f32,
): void {
  const each = smoothing / <f32>C
  const spread: f32 = smoothing > 0 ? each * sumOf(pW, C) : 0
  for (let i = 0; i < N; i++, pTarget += 4, pLse += 4, pDloss += 4) {
    const t = load<i32>(pTarget)
    const ignored = t == ignoreIndex || <u32>t >= <u32>C
    const g: f32 = ignored ? 0 : load<f32>(pDloss)
    const own: f32 = ignored ? 0 : (1 - smoothing) * weightOf(pW, t)
    const lse = v128.load32_splat(pLse)
    const whole = f4(g * (own + spread))
    const part = f4(g * each)
    const pRow = pDx
    let w = pW
    for (let left = C; left > 0; left -= 4, pX += 16, pDx += 16) {
      let d = f32x4.mul(whole, share(f32x4.sub(loadUpTo4(pX, left), lse)))
      if (smoothing > 0) {
        d = f32x4.sub(d, w ? f32x4.mul(part, loadUpTo4(w, left)) : part)
        if (w) w += 16
      }
      storeUpTo4(pDx, d, left)
    }
    pX += <usize>(C - ((C + 3) & ~3)) << 2
    pDx = pRow + (<usize>C << 2)
    if (!ignored) {
      const at = pRow + (<usize>t << 2)
      store<f32>(at, load<f32>(at) - g * own)
    }
  }
}

/** The weight of each row in a mean: w of its target, 1 without weights, 0 where ignored. */
export function f32_cross_entropy_weights(
  pTarget: usize, pW: usize, pOut: usize, N: i32, C: i32, ignoreIndex: i32,
): void {
  for (let i = 0; i < N; i++, pTarget += 4, pOut += 4) {
    const t = load<i32>(pTarget)
    store<f32>(pOut, t == ignoreIndex || <u32>t >= <u32>C ? 0 : weightOf(pW, t))
  }
}
