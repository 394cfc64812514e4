// y[N] = x[K] B[K,N]. Where B is contiguous along N, four rows at a time are summed (x0 b0 + ... + x3 b3, from the
// left) and added to y; where it is contiguous along K, each y is a dot product in eight lanes, summed pairwise.
import { madd } from './madd'

/** Strides in bytes; y is dense. `pCopy` has room for K values. */
export function matvec(pX: usize, sX: usize, pB: usize, sK: usize, sN: usize, pY: usize, N: i32, K: i32, pCopy: usize): void {
  if (sN == 4) {
    memory.fill(pY, 0, N << 2)
    let k = K
    for (; k >= 4; k -= 4, pX += sX << 2, pB += sK << 2) addFourRows(pX, sX, pB, sK, pY, N)
    for (; k > 0; k--, pX += sX, pB += sK) addRow(pX, pB, pY, N)
  } else if (sK == 4) {
    if (sX != 4) {
      for (let k = 0; k < K; k++, pX += sX) store<f32>(pCopy + (k << 2), load<f32>(pX))
      pX = pCopy
    }
    for (; N >= 4; N -= 4, pB += sN << 2, pY += 16) v128.store(pY, fourDots(pX, pB, sN, K))
    for (; N > 0; N--, pB += sN, pY += 4) store<f32>(pY, f32x4.extract_lane(fourDots(pX, pB, 0, K), 0))
  } else {
    for (; N > 0; N--, pB += sN, pY += 4) store<f32>(pY, dotAny(pX, sX, pB, sK, K))
  }
}

function addFourRows(pX: usize, sX: usize, pB: usize, sK: usize, pY: usize, N: i32): void {
  const x0 = v128.load32_splat(pX), x1 = v128.load32_splat(pX + sX)
  const x2 = v128.load32_splat(pX + 2 * sX), x3 = v128.load32_splat(pX + 3 * sX)
  let b0 = pB, b1 = b0 + sK, b2 = b1 + sK, b3 = b2 + sK
  for (; N >= 8; N -= 8) {
    let s = f32x4.mul(x0, v128.load(b0)), t = f32x4.mul(x0, v128.load(b0, 16))
    s = madd(x1, v128.load(b1), s); t = madd(x1, v128.load(b1, 16), t)
    s = madd(x2, v128.load(b2), s); t = madd(x2, v128.load(b2, 16), t)
    s = madd(x3, v128.load(b3), s); t = madd(x3, v128.load(b3, 16), t)
    v128.store(pY, f32x4.add(v128.load(pY), s))
    v128.store(pY, f32x4.add(v128.load(pY, 16), t), 16)
    b0 += 32; b1 += 32; b2 += 32; b3 += 32; pY += 32
  }
  for (; N > 0; N--) {
    let s = f32x4.mul(x0, v128.load32_zero(b0))
    s = madd(x1, v128.load32_zero(b1), s)
    s = madd(x2, v128.load32_zero(b2), s)
    s = madd(x3, v128.load32_zero(b3), s)
    store<f32>(pY, load<f32>(pY) + f32x4.extract_lane(s, 0))
    b0 += 4; b1 += 4; b2 += 4; b3 += 4; pY += 4
  }
}

function addRow(pX: usize, pB: usize, pY: usize, N: i32): void {
  const x = v128.load32_splat(pX)
  for (; N >= 4; N -= 4, pB += 16, pY += 16) v128.store(pY, madd(x, v128.load(pB), v128.load(pY)))
  for (; N > 0; N--, pB += 4, pY += 4) v128.store32_lane(pY, madd(x, v128.load32_zero(pB), v128.load32_zero(pY)), 0)
}

/** Dot products of x with four lines of B, `sN` bytes apart. */
function fourDots(pX: usize, pB: usize, sN: usize, K: i32): v128 {
  let b0 = pB, b1 = b0 + sN, b2 = b1 + sN, b3 = b2 + sN
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0
  for (; K >= 8; K -= 8) {
    let x = v128.load(pX)
    s0 = madd(x, v128.load(b0), s0); s1 = madd(x, v128.load(b1), s1)
    s2 = madd(x, v128.load(b2), s2); s3 = madd(x, v128.load(b3), s3)
    x = v128.load(pX, 16)
    t0 = madd(x, v128.load(b0, 16), t0); t1 = madd(x, v128.load(b1, 16), t1)
    t2 = madd(x, v128.load(b2, 16), t2); t3 = madd(x, v128.load(b3, 16), t3)
    pX += 32; b0 += 32; b1 += 32; b2 += 32; b3 += 32
  }
  for (; K > 0; K--) {
    const x = v128.load32_zero(pX)
    s0 = madd(x, v128.load32_zero(b0), s0); s1 = madd(x, v128.load32_zero(b1), s1)
    s2 = madd(x, v128.load32_zero(b2), s2); s3 = madd(x, v128.load32_zero(b3), s3)
    pX += 4; b0 += 4; b1 += 4; b2 += 4; b3 += 4
  }
  s0 = f32x4.add(s0, t0); s1 = f32x4.add(s1, t1); s2 = f32x4.add(s2, t2); s3 = f32x4.add(s3, t3)
  const lo01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7)
  const lo23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7)
  const l0 = v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5), l1 = v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7)
  const l2 = v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5), l3 = v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7)
  return f32x4.add(f32x4.add(l0, l2), f32x4.add(l1, l3))
}

function dotAny(pX: usize, sX: usize, pB: usize, sK: usize, K: i32): f32 {
  let s = f32x4.splat(0)
  for (; K > 0; K--, pX += sX, pB += sK) s = madd(v128.load32_zero(pX), v128.load32_zero(pB), s)
  return f32x4.extract_lane(s, 0)
}
