// Inputs of the benches, the same as in peer.py.

/** Uniform float32 in [0, 1): a 32-bit linear congruential generator, upper 24 bits. */
export const draws = (seed, count) => {
  const out = new Float32Array(count)
  let state = (Math.imul(seed, 2654435761) + 12345) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    out[i] = (state >>> 8) * 2 ** -24
  }
  return out
}

/** Boxes and scores: sparse, in a hundred clusters, or in a grid where none touch. */
export const nmsInput = (kind, n) => {
  const d = draws(n + kind.length, 5 * n)
  const boxes = new Float32Array(4 * n)
  const side = Math.ceil(Math.sqrt(n))
  for (let i = 0; i < n; i++) {
    const [a, b, c, e] = d.subarray(5 * i)
    const cluster = i % 100
    const [x, y] =
      kind === 'sparse'
        ? [a * 4000, b * 4000]
        : kind === 'clustered'
          ? [(cluster % 10) * 200 + a * 20, Math.floor(cluster / 10) * 200 + b * 20]
          : [(i % side) * 40, Math.floor(i / side) * 40]
    const [w, h] = kind === 'clustered' ? [60 + c * 20, 60 + e * 20] : [10 + c * 25, 10 + e * 25]
    boxes.set([x, y, x + w, y + h], 4 * i)
  }
  return { boxes, scores: d.filter((_, i) => i % 5 === 4) }
}
