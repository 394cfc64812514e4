import { exp, sigmoid } from '../math.ts'

/** Softmax of each row of `width` numbers, in float32. */
export const softmaxRows = (logits: Float32Array, width: number): Float32Array => {
  const out = new Float32Array(logits.length)
  for (let row = 0; row < logits.length; row += width) {
    let most = -Infinity
    for (let c = 0; c < width; c++) most = Math.max(most, logits[row + c])
    let sum = 0
    for (let c = 0; c < width; c++) sum += exp(logits[row + c] - most)
    for (let c = 0; c < width; c++) out[row + c] = exp(logits[row + c] - most) / sum
  }
  return out
}

/** Sigmoid of each number, in float32. */
export const sigmoids = (logits: Float32Array): Float32Array => logits.map(sigmoid)
