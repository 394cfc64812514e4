// Repeatable numbers, the same in every library under test: torch_bench.py computes them too.

export const product = (shape) => shape.reduce((a, b) => a * b, 1)

/** A name as a seed (FNV-1a). */
export const seedOf = (name) => {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** `shape` values in [-0.5, 0.5) of 24 bits, a hash of their place and the seed, times `scale`, plus `offset`. */
export const values = (shape, seed, scale = 1, offset = 0) => {
  const data = new Float32Array(product(shape))
  const start = Math.imul(seed, 0x9e3779b9)
  for (let i = 0; i < data.length; i++) {
    let x = (i + start) | 0
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    data[i] = (((x ^ (x >>> 15)) >>> 8) / 0x1000000 - 0.5) * scale + offset
  }
  return data
}

const deviation = Math.sqrt(12)

/** Weights [out, ...in] that keep the size of what flows through layers with a relu. */
const he = (shape) => deviation * Math.sqrt(2 / product(shape.slice(1)))

/**
 * Starting values by their name in a PyTorch checkpoint. `rule` is `he` for networks of convolutions, `gan` for DCGAN's
 * deviation of 0.02, or a number k for uniform draws between -k and k.
 */
export const parameter = (name, shape, rule = 'he') => {
  const seed = seedOf(name)
  if (typeof rule === 'number') return values(shape, seed, 2 * rule)
  if (shape.length > 1) return values(shape, seed, rule === 'gan' ? 0.02 * deviation : he(shape))
  if (name.endsWith('running_var')) return values(shape, seed, 1, 1)
  if (name.endsWith('weight')) return values(shape, seed, rule === 'gan' ? 0.02 * deviation : 0.5, 1)
  return values(shape, seed, 0.2)
}
