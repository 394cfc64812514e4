/**
 * Maps float32 bits to unsigned integers that sort the same way: NaN above everything, -0 equal to 0,
 * as PyTorch sorts.
 */
const sortKeys = (x: Float32Array): Uint32Array => {
  const keys = new Uint32Array(x.length)
  const bits = new Int32Array(x.buffer, x.byteOffset, x.length)
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    if (v !== v) keys[i] = 0xffffffff
    else if (v === 0) keys[i] = 0x80000000
    else keys[i] = bits[i] ^ ((bits[i] >> 31) | 0x80000000)
  }
  return keys
}

// A key of 32 bits and an index of 21 fit the 53 bits of a double, so one native numeric sort is a stable sort.
const indexRange = 2097152

const stableOrder = (keys: Uint32Array): Int32Array => {
  const n = keys.length
  const order = new Int32Array(n)
  if (n > indexRange) {
    for (let i = 0; i < n; i++) order[i] = i
    return order.sort((a, b) => keys[a] - keys[b] || a - b)
  }
  const packed = new Float64Array(n)
  for (let i = 0; i < n; i++) packed[i] = keys[i] * indexRange + i
  packed.sort()
  for (let i = 0; i < n; i++) order[i] = packed[i] % indexRange
  return order
}

/** Indices of `x` from smallest to largest; equal values keep their order, NaN comes last. */
export const ascending = (x: Float32Array): Int32Array => stableOrder(sortKeys(x))

/** Indices of `x` from largest to smallest; equal values keep their order, NaN comes first. */
export const descending = (x: Float32Array): Int32Array => {
  const keys = sortKeys(x)
  for (let i = 0; i < keys.length; i++) keys[i] = ~keys[i]
  return stableOrder(keys)
}
