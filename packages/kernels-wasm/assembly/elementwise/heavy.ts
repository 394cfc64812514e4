import {
  atLeast, atMost, expInRange, expm1Negative, f4, fma, normalTail, pick, sigmoidInRange, sizeTo8, tanh4,
} from '../lib/math'
import * as op from './unary-codes'
import { loadUpTo4, storeUpTo4 } from '../lib/tail'

@inline
function heavy(code: i32, x: v128, a: v128, b: v128): v128 {
  if (code == op.TANH) return tanh4(x)
  if (code == op.ELU) return f32x4.mul(pick(f32x4.gt(x, f4(0)), x, f32x4.mul(expm1Negative(atMost(x, f4(0))), a)), b)
  if (code == op.CELU) {
    return pick(f32x4.gt(x, f4(0)), x, f32x4.mul(expm1Negative(f32x4.div(atMost(x, f4(0)), a)), a))
  }
  if (code == op.GELU) {
    // max(x, 0) - |x| Phi(-|x|)
    const t = sizeTo8(x)
    return f32x4.sub(atLeast(x, f4(0)), f32x4.mul(t, normalTail(t)))
  }
  if (code == op.GELU_TANH) {
    // x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
    const u = f32x4.mul(x, fma(f32x4.mul(x, x), f4(0.0713548162726), f4(1.5957691216057)))
    const s = sigmoidInRange(atMost(atLeast(u, f4(-87)), f4(87)))
    return f32x4.mul(x, v128.andnot(s, f32x4.lt(u, f4(-87))))
  }
  // MISH: tanh(log(1 + e)) = w / (w + 2), w = e (e + 2), e = exp x
  const e = expInRange(atMost(atLeast(x, f4(-87)), f4(20)))
  const w = f32x4.mul(e, f32x4.add(e, f4(2)))
  return f32x4.mul(x, v128.andnot(f32x4.div(w, f32x4.add(w, f4(2))), f32x4.lt(x, f4(-87))))
}

/** Eight values at a time. Loops end at their foot, so that constants move out of them. */
@inline
export function mapHeavy(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  const va = f4(a)
  const vb = f4(b)
  if (n >= 8) {
    do {
      const y0 = heavy(code, v128.load(pX), va, vb)
      const y1 = heavy(code, v128.load(pX, 16), va, vb)
      v128.store(pY, y0)
      v128.store(pY, y1, 16)
      pX += 32
      pY += 32
      n -= 8
    } while (n >= 8)
  }
  while (n > 0) {
    storeUpTo4(pY, heavy(code, loadUpTo4(pX, n), va, vb), n)
    pX += 16
    pY += 16
    n -= 4
  }
}
