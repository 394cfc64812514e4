import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'
import { sigmoidRun, tanhRun } from './activations'
import { addProduct, at, carryInactive, isActive, packColumns, product } from './panels'

// The GRU whose reset gate acts on the state. Its candidate needs the product with q = r h, and so r of every unit: two
// products a step, where the others have one.

/** The second part of a packed weight: it comes after the panels of [K, columns]. */
@inline
function after(pPacked: usize, K: i32, columns: i32): usize {
  return pPacked + (<usize>(K * ((columns + 15) >> 4)) << 6)
}

/** The panels of gates r and z, then those of the candidate. */
export function f32_gru_reset_first_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, 1, H, pPacked, H, 2 * H)
  packColumns(at(pW, 2 * H * H), 1, H, after(pPacked, H, 2 * H), H, H)
}

/** r, z and q = r h of each row from the sums. */
function openGates(pGates: usize, pIn: usize, pQ: usize, N: i32, H: i32): void {
  const row = <usize>H << 2
  for (; N > 0; N--) {
    sigmoidRun(pGates, 2 * H)
    for (let n = H, i: usize = 0; n > 0; n -= 4, i += 16) {
      storeUpTo4(pQ + i, f32x4.mul(loadUpTo4(pGates + i, n), loadUpTo4(pIn + i, n)), n)
    }
    pGates += 3 * row
    pIn += row
    pQ += row
  }
}

/** The candidate and the new state of each row. */
function outputs(pGates: usize, pIn: usize, pOut: usize, N: i32, H: i32): void {
  const row = <usize>H << 2
  for (; N > 0; N--) {
    const pZ = pGates + row
    const pN = pZ + row
    tanhRun(pN, H)
    for (let n = H, i: usize = 0; n > 0; n -= 4, i += 16) {
      const z = loadUpTo4(pZ + i, n)
      const rest = f32x4.mul(f32x4.sub(f4(1), z), loadUpTo4(pN + i, n))
      storeUpTo4(pOut + i, fma(z, loadUpTo4(pIn + i, n), rest), n)
    }
    pGates += 3 * row
    pIn += row
    pOut += row
  }
}

export function f32_gru_reset_first(
  pX: usize, pGates: usize, pPacked: usize, pBias: usize, pHs: usize, pQ: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32, keep: i32,
): void {
  const size = N * H
  const pCandidate = after(pPacked, H, 2 * H)
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    const x = at(pX, 3 * t * size)
    const gates = keep ? at(pGates, 3 * t * size) : pGates
    const q = keep ? at(pQ, t * size) : pQ
    product(pIn, H, pPacked, gates, 3 * H, x, 3 * H, pBias, N, 2 * H, H)
    openGates(gates, pIn, q, N, H)
    const bias = pBias ? at(pBias, 2 * H) : 0
    product(q, H, pCandidate, at(gates, 2 * H), 3 * H, at(x, 2 * H), 3 * H, bias, N, H, H)
    outputs(gates, pIn, pOut, N, H)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, 0, 0, t, N, H)
  }
}

export function f32_gru_reset_first_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, 2 * H, H)
  packColumns(at(pW, 2 * H * H), H, 1, after(pPacked, 2 * H, H), H, H)
}

/** ds of z and of the candidate; that of r becomes 0, ready for the product; dh becomes dh z. */
function outputGradient(pGates: usize, pDs: usize, pIn: usize, pDy: usize, pDh: usize, H: i32): void {
  const row = <usize>H << 2
  const one = f4(1)
  for (let lanes = H; lanes > 0; lanes -= 4) {
    const z = loadUpTo4(pGates + row, lanes)
    const n = loadUpTo4(pGates + 2 * row, lanes)
    let dh = loadUpTo4(pDh, lanes)
    if (pDy) {
      dh = f32x4.add(dh, loadUpTo4(pDy, lanes))
      pDy += 16
    }
    const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(loadUpTo4(pIn, lanes), n)), f32x4.mul(z, f32x4.sub(one, z)))
    const dn = f32x4.mul(f32x4.mul(dh, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(n, n)))
    storeUpTo4(pDs, f4(0), lanes)
    storeUpTo4(pDs + row, dz, lanes)
    storeUpTo4(pDs + 2 * row, dn, lanes)
    storeUpTo4(pDh, f32x4.mul(dh, z), lanes)
    pGates += 16
    pDs += 16
    pIn += 16
    pDh += 16
  }
}

/** ds of r from dq, in its place; dh gets dq r. */
function resetGradient(pGates: usize, pDs: usize, pIn: usize, pDh: usize, H: i32): void {
  for (let lanes = H; lanes > 0; lanes -= 4, pGates += 16, pDs += 16, pIn += 16, pDh += 16) {
    const r = loadUpTo4(pGates, lanes)
    const through = f32x4.mul(loadUpTo4(pDs, lanes), r)
    storeUpTo4(pDs, f32x4.mul(f32x4.mul(through, loadUpTo4(pIn, lanes)), f32x4.sub(f4(1), r)), lanes)
    storeUpTo4(pDh, f32x4.add(loadUpTo4(pDh, lanes), through), lanes)
  }
}

export function f32_gru_reset_first_grad(
  pGates: usize, pDs: usize, pPacked: usize, pHs: usize, pDy: usize, pDh: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  const pCandidate = after(pPacked, 2 * H, H)
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const gates = at(pGates, 3 * t * size)
    const pStep = at(pDs, 3 * t * size)
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    for (let n = 0, i = 0; n < N; n++, i += H) {
      if (!isActive(pLengths, n, t)) memory.fill(at(pStep, 3 * i), 0, <usize>H * 12)
      else {
        outputGradient(at(gates, 3 * i), at(pStep, 3 * i), at(pIn, i), pDy ? at(pDy, t * size + i) : 0, at(pDh, i), H)
      }
    }
    addProduct(at(pStep, 2 * H), 3 * H, pCandidate, pStep, 3 * H, N, H, H)
    for (let n = 0, i = 0; n < N; n++, i += H) {
      if (isActive(pLengths, n, t)) resetGradient(at(gates, 3 * i), at(pStep, 3 * i), at(pIn, i), at(pDh, i), H)
    }
    addProduct(pStep, 3 * H, pPacked, pDh, H, N, H, 2 * H)
  }
}
