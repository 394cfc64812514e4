import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { atLeast, atMost, f4, sigmoidInRange, tanh4 } from '../lib/math'

// Activations of a whole row in place: short loops, which do not wait for the sums of the next units.

/** Within the range of the quick form; sigmoid is 0 or 1 to 1e-37 beyond. */
@inline
function sigmoid(x: v128): v128 {
  return sigmoidInRange(atMost(atLeast(x, f4(-87)), f4(87)))
}

export function sigmoidRun(p: usize, n: i32): void {
  if (n >= 16) {
    do {
      v128.store(p, sigmoid(v128.load(p)))
      v128.store(p, sigmoid(v128.load(p, 16)), 16)
      v128.store(p, sigmoid(v128.load(p, 32)), 32)
      v128.store(p, sigmoid(v128.load(p, 48)), 48)
      p += 64
      n -= 16
    } while (n >= 16)
  }
  for (; n > 0; n -= 4, p += 16) storeUpTo4(p, sigmoid(loadUpTo4(p, n)), n)
}

export function tanhRun(p: usize, n: i32): void {
  if (n >= 16) {
    do {
      v128.store(p, tanh4(v128.load(p)))
      v128.store(p, tanh4(v128.load(p, 16)), 16)
      v128.store(p, tanh4(v128.load(p, 32)), 32)
      v128.store(p, tanh4(v128.load(p, 48)), 48)
      p += 64
      n -= 16
    } while (n >= 16)
  }
  for (; n > 0; n -= 4, p += 16) storeUpTo4(p, tanh4(loadUpTo4(p, n)), n)
}
