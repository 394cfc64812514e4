// The best that one thread does at multiplying and adding from the first-level cache: register tiles of many shapes, each
// over two packed panels that stay there. Percentages of the peak refer to the fastest of them, raced in the same run.
import { compile, instantiate } from './compile.mjs'

/** Steps over a pair of panels: A's six rows, every value four times, and B's eight columns take 16 KB. */
const depth = 128

const range = (n) => Array.from({ length: n }, (_, i) => i)

/**
 * Shapes: rows of A by columns of B. `splat` loads a value of A into all lanes, `ready` finds it there four times over.
 * A round of the loop is `steps` steps with a way out after each; `guard` is one more, never taken, after a step's first
 * row. V8 11 moves the loads of a straight run of instructions to its front, where they want registers.
 */
const shapes = [
  [3, 12],
  [4, 8],
  [5, 8],
  [6, 8],
  [2, 16],
].flatMap(([rows, columns]) =>
  ['splat', 'ready'].flatMap((form) =>
    [1, 2, 4].flatMap((steps) => ['', 'guard'].map((guard) => ({ rows, columns, form, steps, guard }))),
  ),
)

const nameOf = ({ rows, columns, form, steps, guard }) =>
  [`${rows}x${columns}`, form, steps, ...(guard ? [guard] : [])].join('_')

const functionOf = (shape, tier) => {
  const { rows, columns, form, steps, guard } = shape
  const vectors = columns / 4
  const madd = (a, b, c) =>
    tier === 'relaxed' ? `f32x4.relaxed_madd(${a}, ${b}, ${c})` : `f32x4.add(f32x4.mul(${a}, ${b}), ${c})`
  const [load, bytes] = form === 'splat' ? ['v128.load32_splat', 4] : ['v128.load', 16]
  const row = (i, s) => [
    `x = ${load}(a, ${(s * rows + i) * bytes})`,
    ...range(vectors).map((j) => `c${i}_${j} = ${madd('x', `b${j}`, `c${i}_${j}`)}`),
    ...(guard && i === 0 ? ['if (k <= 0) break'] : []),
  ]
  const step = (s) => [
    ...range(vectors).map((j) => `b${j} = v128.load(b, ${s * columns * 4 + 16 * j})`),
    ...range(rows).flatMap((i) => row(i, s)),
    'if (!--k) break',
  ]
  const sums = range(rows).flatMap((i) => range(vectors).map((j) => [`c${i}_${j}`, i * columns * 4 + 16 * j]))
  return `
export function t${nameOf(shape)}(pA: usize, pB: usize, pC: usize, times: i32): void {
  for (; times > 0; times--) {
    let x = f32x4.splat(0)
    let ${range(vectors)
      .map((j) => `b${j} = x`)
      .join(', ')}
    let ${sums.map(([sum]) => `${sum} = x`).join(', ')}
    let a = pA, b = pB, k = ${depth}
    while (true) {
      ${range(steps).flatMap(step).join('\n      ')}
      a += ${steps * rows * bytes}; b += ${steps * columns * 4}
    }
    ${sums.map(([sum, at]) => `v128.store(pC, ${sum}, ${at})`).join('\n    ')}
  }
}`
}

const source = (tier) => shapes.map((shape) => functionOf(shape, tier)).join('\n')

/** Paths of the tiles' binaries by tier. */
export const compileTiles = async () => ({
  base: await compile(source('base'), 'base'),
  relaxed: await compile(source('relaxed'), 'relaxed'),
})

const [pA, pB, pC] = [1024, 32768, 49152]
const timesACall = 16
const callsARun = 20

/** Tiles ready to be raced; `chosen` holds names such as `base 4x8_splat_2`, all of the tier when absent. */
const tilesOf = (path, tier, chosen) => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const floats = new Float32Array(memory.buffer)
  const kernels = instantiate(path, memory)
  for (let i = pA / 4; i < pC / 4; i++) floats[i] = ((i * 7) % 13) / 13 - 0.5
  return shapes
    .map((shape) => ({ shape, tile: `${tier} ${nameOf(shape)}` }))
    .filter(({ tile }) => chosen?.includes(tile) ?? true)
    .map(({ shape, tile }) => {
      const kernel = kernels[`t${nameOf(shape)}`]
      return {
        impl: 'peak',
        tile,
        flops: 2 * shape.columns * shape.rows * depth * timesACall * callsARun,
        run() {
          for (let i = 0; i < callsARun; i++) kernel(pA, pB, pC, timesACall)
          if (!(Math.abs(floats[pC / 4]) < depth)) throw new Error('bench: the tile computes nonsense')
        },
      }
    })
}

const speedOf = ({ run, flops }, milliseconds) => {
  let best = Infinity
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return flops / best
}

/** Engines with relaxed SIMD may use the base tier's tiles too. */
const tiersFor = (tier) => (tier === 'relaxed' ? ['relaxed', 'base'] : ['base'])

/** The names of this engine's three fastest tiles for code of a tier; `paths` come from {@link compileTiles}. */
export const fastestTiles = (paths, tier) => {
  const tiles = tiersFor(tier).flatMap((own) => tilesOf(paths[own], own))
  // Every tile is tried twice: one that is compiled late, or disturbed, has another chance.
  const speeds = new Map(tiles.map((tile) => [tile, speedOf(tile, 12)]))
  for (const tile of tiles) speeds.set(tile, Math.max(speeds.get(tile), speedOf(tile, 12)))
  return tiles
    .toSorted((a, b) => speeds.get(b) - speeds.get(a))
    .slice(0, 3)
    .map(({ tile }) => tile)
}

/** Candidates for a race: { impl: 'peak', tile, flops, run }. */
export const peakCandidates = ({ paths, tiles }) =>
  ['relaxed', 'base']
    .filter((tier) => tiles.some((name) => name.startsWith(tier)))
    .flatMap((tier) => tilesOf(paths[tier], tier, tiles))
