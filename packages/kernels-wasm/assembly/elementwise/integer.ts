import { loadStrided, storeUpTo4 } from '../lib/tail'
import * as op from './codes'

function scalar(code: i32, a: i32, b: i32): i32 {
  if (code == op.I_SHL) return a << b
  if (code == op.I_SHR) return a >> b
  if (b == 0) return 0
  if (b == -1) return code == op.I_FLOOR_DIVIDE ? 0 - a : 0
  const r = a % b
  const mixed = i32(r != 0 && (r ^ b) < 0)
  return code == op.I_FLOOR_DIVIDE ? a / b - mixed : r + (mixed ? b : 0)
}

function combine(code: i32, a: v128, b: v128): v128 {
  if (code == op.I_AND) return v128.and(a, b)
  if (code == op.I_OR) return v128.or(a, b)
  if (code == op.I_XOR) return v128.xor(a, b)
  let y = i32x4.splat(scalar(code, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)))
  y = i32x4.replace_lane(y, 1, scalar(code, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)))
  y = i32x4.replace_lane(y, 2, scalar(code, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)))
  return i32x4.replace_lane(y, 3, scalar(code, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)))
}

/** One row of an operation on integers, the choice made inside the loop: these are seldom hot. */
export function rowInteger(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  while (n > 0) {
    storeUpTo4(pY, combine(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  }
}
