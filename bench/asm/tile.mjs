// The best that one thread does at multiplying and adding from the first-level cache: register tiles of several shapes,
// each over two packed panels that stay there. Percentages of the peak refer to the fastest of them in the same run.
import { compile, instantiate } from './compile.mjs'

/** Length of a panel: A's six rows, every value four times, and B's eight columns take 16 KB. */
const depth = 128

const range = (n) => Array.from({ length: n }, (_, i) => i)

/**
 * Shapes: rows of A by 8 columns of B. `splat` loads a value of A into all lanes, `ready` finds it there four times over.
 * `steps` are what a round of the loop does; a way out after each keeps V8 11 from moving all loads to its front.
 */
const shapes = {
  base: [4, 5, 6].flatMap((rows) =>
    ['splat', 'ready'].flatMap((form) => [1, 2].map((steps) => ({ rows, form, steps }))),
  ),
}
shapes.relaxed = shapes.base

const nameOf = ({ rows, form, steps }) => `tile_${rows}x8_${form}_${steps}`

const source = (tier) => {
  const madd = (a, b, c) =>
    tier === 'relaxed' ? `f32x4.relaxed_madd(${a}, ${b}, ${c})` : `f32x4.add(f32x4.mul(${a}, ${b}), ${c})`
  const functions = shapes[tier].map((shape) => {
    const { rows, form, steps } = shape
    const [load, bytes] = form === 'splat' ? ['v128.load32_splat', 4] : ['v128.load', 16]
    const step = (s) => `
      b0 = v128.load(b, ${32 * s}); b1 = v128.load(b, ${32 * s + 16})
      ${range(rows)
        .map(
          (i) =>
            `x = ${load}(a, ${(s * rows + i) * bytes}); c${i}0 = ${madd('x', 'b0', `c${i}0`)}; c${i}1 = ${madd('x', 'b1', `c${i}1`)}`,
        )
        .join('\n      ')}
      if (!--k) break`
    return `
export function ${nameOf(shape)}(pA: usize, pB: usize, pC: usize, times: i32): void {
  for (; times > 0; times--) {
    let x = f32x4.splat(0), b0 = x, b1 = x
    ${range(rows)
      .map((i) => `let c${i}0 = x, c${i}1 = x`)
      .join('\n    ')}
    let a = pA, b = pB, k = ${depth}
    while (true) {${range(steps).map(step).join('')}
      a += ${steps * rows * bytes}; b += ${steps * 32}
    }
    ${range(rows)
      .map((i) => `v128.store(pC, c${i}0, ${32 * i}); v128.store(pC, c${i}1, ${32 * i + 16})`)
      .join('\n    ')}
  }
}`
  })
  return functions.join('\n')
}

/** Paths of the tiles' binaries by tier. */
export const compileTiles = async () => ({
  base: await compile(source('base'), 'base'),
  relaxed: await compile(source('relaxed'), 'relaxed'),
})

const [pA, pB, pC] = [1024, 32768, 49152]
const timesACall = 16
const callsARun = 20

const tilesOf = (path, tier) => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const floats = new Float32Array(memory.buffer)
  const kernels = instantiate(path, memory)
  for (let i = pA / 4; i < pC / 4; i++) floats[i] = ((i * 7) % 13) / 13 - 0.5
  return shapes[tier].map((shape) => {
    const kernel = kernels[nameOf(shape)]
    return {
      impl: 'peak',
      tile: `${shape.rows}x8 ${shape.form}${shape.steps > 1 ? ' unrolled' : ''}, ${tier}`,
      flops: 2 * 8 * shape.rows * depth * timesACall * callsARun,
      run() {
        for (let i = 0; i < callsARun; i++) kernel(pA, pB, pC, timesACall)
        if (!(Math.abs(floats[pC / 4]) < depth)) throw new Error('bench: the tile computes nonsense')
      },
    }
  })
}

const speedOf = ({ run, flops }) => {
  let best = Infinity
  for (const end = performance.now() + 12; performance.now() < end;) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return flops / best
}

/**
 * The two fastest tiles here, ready to be raced beside a workload.
 * @param paths - of {@link compileTiles}
 * @param tier - what the workload runs on; relaxed engines may use the base tier's tiles too
 */
export const peakCandidates = (paths, tier) => {
  const tiles =
    tier === 'relaxed'
      ? [...tilesOf(paths.relaxed, 'relaxed'), ...tilesOf(paths.base, 'base')]
      : tilesOf(paths.base, 'base')
  const speeds = new Map(tiles.map((tile) => [tile, speedOf(tile)]))
  return tiles.sort((a, b) => speeds.get(b) - speeds.get(a)).slice(0, 2)
}
