import { columnPackBytes } from '../../groups/rnn.ts'
import { Draw } from './case.ts'
import type { Case, Reference } from './case.ts'
import { sigmoid } from './math.ts'

interface Shape {
  readonly T: number
  readonly N: number
  readonly H: number
  readonly lengths?: readonly number[]
}

const shapes: readonly Shape[] = [
  { T: 1, N: 1, H: 1 },
  { T: 3, N: 1, H: 4 },
  { T: 2, N: 1, H: 9 },
  { T: 2, N: 1, H: 21 },
  { T: 2, N: 2, H: 8 },
  { T: 3, N: 3, H: 5 },
  { T: 2, N: 5, H: 17 },
  { T: 2, N: 2, H: 33 },
  { T: 4, N: 3, H: 7, lengths: [4, 2, 1] },
  { T: 3, N: 4, H: 6, lengths: [1, 3, 3, 2] },
]

const gatesOf = (name: string): number => (name.includes('lstm') ? 4 : name.includes('gru') ? 3 : 1)

/** Whether a GRU's reset gate acts on the state, before the product. */
const resetsFirst = (name: string): boolean => name.includes('reset_first')

/** Panels of 16 columns of a matrix of `rows` rows, given by its elements. */
const packColumns = (element: (k: number, j: number) => number, rows: number, columns: number): Float32Array => {
  const packed = new Float32Array(columnPackBytes(columns, rows) / 4)
  let at = 0
  for (let first = 0; first < columns; first += 16)
    for (let k = 0; k < rows; k++)
      for (let j = first; j < first + 16; j++) packed[at++] = j < columns ? element(k, j) : 0
  return packed
}

const packOf = (name: string, w: Float32Array, H: number): Float32Array => {
  const gates = gatesOf(name)
  const rows = (first: number, count: number): Float32Array =>
    name.includes('grad')
      ? packColumns((k, j) => w[(first + k) * H + j]!, count, H)
      : packColumns((k, j) => w[(first + j) * H + k]!, H, count)
  return resetsFirst(name) ? Float32Array.of(...rows(0, 2 * H), ...rows(2 * H, H)) : rows(0, gates * H)
}

const pack: Reference = function* (row) {
  const draw = new Draw(81)
  for (const H of [1, 3, 4, 5, 8, 16, 17, 33]) {
    const w = draw.floats(gatesOf(row.name) * H * H)
    yield {
      label: `H ${H}`,
      numbers: { H },
      inputs: { pW: w },
      outputs: { pPacked: { values: packOf(row.name, w, H) } },
    }
  }
}

interface Run {
  readonly shape: Shape
  readonly reverse: number
  readonly relu: number
  /** Whether the gates of all steps stay, or those of the last alone. */
  readonly keep: number
  readonly w: Float32Array
  readonly bias: Float32Array | undefined
  readonly x: Float32Array
  readonly h0: Float32Array
  readonly c0: Float32Array
}

interface Forward {
  readonly gates: Float64Array
  readonly linear: Float64Array
  /** r h of a GRU that resets first. */
  readonly q: Float64Array
  readonly hs: Float64Array
  readonly cs: Float64Array
  readonly y: Float64Array
}

const isActive = ({ lengths }: Shape, n: number, t: number): boolean => !lengths || t < lengths[n]!

/** Step order, and where the states of step t lie. */
const stepsOf = ({ T }: Shape, reverse: number): { t: number; from: number; to: number }[] =>
  Array.from({ length: T }, (_, s) =>
    reverse ? { t: T - 1 - s, from: T - s, to: T - 1 - s } : { t: s, from: s, to: s + 1 },
  )

const forwardPass = (name: string, { shape, reverse, relu, w, bias, x, h0, c0 }: Run): Forward => {
  const { T, N, H } = shape
  const G = gatesOf(name)
  const size = N * H
  const gates = Float64Array.from(x)
  const linear = new Float64Array(T * size)
  const q = new Float64Array(T * size)
  const hs = new Float64Array((T + 1) * size)
  const cs = new Float64Array((T + 1) * size)
  const y = new Float64Array(T * size)
  hs.set(h0, reverse ? T * size : 0)
  cs.set(c0, reverse ? T * size : 0)
  const sumOf = (row: number, state: ArrayLike<number>): number => {
    let sum = bias?.[row] ?? 0
    for (let k = 0; k < H; k++) sum += state[k]! * w[row * H + k]!
    return sum
  }
  for (const { t, from, to } of stepsOf(shape, reverse))
    for (let n = 0; n < N; n++) {
      const state = hs.slice(from * size + n * H, from * size + (n + 1) * H)
      const first = (t * N + n) * G * H
      const reset = state.map((h, k) => h * sigmoid(sumOf(k, state) + x[first + k]!))
      if (resetsFirst(name)) q.set(reset, (t * N + n) * H)
      for (let j = 0; j < H; j++) {
        const at = n * H + j
        const old = state[j]!
        const recurrent = Array.from({ length: G }, (_, g) => sumOf(g * H + j, state))
        const place = (g: number): number => ((t * N + n) * G + g) * H + j
        const sums = recurrent.map((sum, g) => sum + gates[place(g)]!)
        let h: number
        let c = cs[from * size + at]!
        if (G === 4) {
          const [i, fg, g, o] = [sigmoid(sums[0]!), sigmoid(sums[1]!), Math.tanh(sums[2]!), sigmoid(sums[3]!)] as const
          c = fg * c + i * g
          h = o * Math.tanh(c)
          ;[i, fg, g, o].forEach((value, gate) => (gates[place(gate)] = value))
        } else if (G === 3) {
          const [r, z] = [sigmoid(sums[0]!), sigmoid(sums[1]!)] as const
          const last = resetsFirst(name) ? sumOf(2 * H + j, reset) : r * recurrent[2]!
          const candidate = Math.tanh(gates[place(2)]! + last)
          linear[t * size + at] = recurrent[2]!
          h = (1 - z) * candidate + z * old
          ;[r, z, candidate].forEach((value, gate) => (gates[place(gate)] = value))
        } else h = relu ? Math.max(0, sums[0]!) : Math.tanh(sums[0]!)
        const active = isActive(shape, n, t)
        hs[to * size + at] = active ? h : old
        cs[to * size + at] = active ? c : cs[from * size + at]!
        y[t * size + at] = active ? h : 0
      }
    }
  return { gates, linear, q, hs, cs, y }
}

const runsOf = function* (name: string): Iterable<Run> {
  const draw = new Draw(82)
  const G = gatesOf(name)
  for (const shape of shapes)
    for (const reverse of [0, 1])
      for (const [relu, keep] of G === 1
        ? ([
            [0, 1],
            [1, 1],
          ] as const)
        : ([
            [0, 1],
            [0, 0],
          ] as const)) {
        const { T, N, H } = shape
        yield {
          shape,
          reverse,
          relu,
          keep,
          w: draw.floats(G * H * H, -0.5, 0.5),
          bias: draw.unit() < 0.7 ? draw.floats(G * H) : undefined,
          x: draw.floats(T * N * G * H),
          h0: draw.floats(N * H),
          c0: draw.floats(N * H),
        }
      }
}

const labelOf = ({ shape, reverse, relu, keep, bias }: Run): string =>
  JSON.stringify({ ...shape, reverse, relu, keep, bias: bias !== undefined })

// Sums of up to 34 terms below 1/2 and a handful of functions at each of up to 4 steps, which pass errors on.
const slack = 2 ** -24 * 120

const recurrent: Reference = function* (row) {
  const G = gatesOf(row.name)
  for (const run of runsOf(row.name)) {
    const { T, N, H, lengths } = run.shape
    const { gates, linear, q, hs, cs, y } = forwardPass(row.name, run)
    const first = run.reverse ? T * N * H : 0
    const last = run.reverse ? 0 : T - 1
    const kept = (steps: Float64Array): { values: Float64Array; slack: number } => {
      const step = steps.length / T
      return { values: run.keep ? steps : steps.subarray(last * step, (last + 1) * step), slack }
    }
    const start = (state: Float32Array): Float32Array => {
      const all = new Float32Array((T + 1) * N * H)
      all.set(state, first)
      return all
    }
    const one: Case = {
      label: labelOf(run),
      numbers: { T, N, H, reverse: run.reverse, relu: run.relu, keep: run.keep },
      inputs: {
        pX: run.x,
        pPacked: packOf(row.name, run.w, H),
        ...(run.bias ? { pBias: run.bias } : {}),
        pHs: start(run.h0),
        ...(G === 4 ? { pCs: start(run.c0) } : {}),
        ...(lengths ? { pLengths: lengths } : {}),
      },
      outputs: {
        ...(G > 1 ? { pGates: kept(gates) } : {}),
        pHs: { values: hs, slack },
        ...(G === 4 ? { pCs: { values: cs, slack } } : {}),
        ...(resetsFirst(row.name) ? { pQ: kept(q) } : G === 3 ? { pLinear: kept(linear) } : {}),
        ...(lengths ? { pY: { values: y, slack } } : {}),
      },
    }
    yield one
  }
}

/** Back through the steps, from activations rounded to f32 as the kernel has them. */
const recurrentGradient: Reference = function* (row) {
  const draw = new Draw(83)
  const G = gatesOf(row.name)
  const first = resetsFirst(row.name)
  for (const run of runsOf(row.name)) {
    const { shape, reverse, relu, w } = run
    const { T, N, H, lengths } = shape
    const size = N * H
    const forward = forwardPass(row.name, run)
    const [gates, linear, hs, cs] = [forward.gates, forward.linear, forward.hs, forward.cs].map((a) =>
      Float32Array.from(a),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array]
    const dy = draw.unit() < 0.8 ? draw.floats(T * size) : undefined
    const [dhLast, dcLast] = [draw.floats(size), draw.floats(size)]
    const dh = Float64Array.from(dhLast)
    const dc = Float64Array.from(dcLast)
    const dx = new Float64Array(T * size * G)
    const ds = new Float64Array(T * size * G)
    for (const { t, from, to } of stepsOf(shape, reverse).reverse())
      for (let n = 0; n < N; n++) {
        if (!isActive(shape, n, t)) continue
        const next = new Float64Array(H)
        for (let j = 0; j < H; j++) {
          const at = n * H + j
          const place = (g: number): number => ((t * N + n) * G + g) * H + j
          const gate = (g: number): number => gates[place(g)]!
          const total = dh[at]! + (dy?.[t * size + at] ?? 0)
          if (G === 4) {
            const [i, fg, g, o] = [gate(0), gate(1), gate(2), gate(3)] as const
            const tc = Math.tanh(cs[to * size + at]!)
            const d = dc[at]! + total * o * (1 - tc * tc)
            const parts = [
              d * g * i * (1 - i),
              d * cs[from * size + at]! * fg * (1 - fg),
              d * i * (1 - g * g),
              total * tc * o * (1 - o),
            ]
            parts.forEach((part, k) => (ds[place(k)] = dx[place(k)] = part))
            dc[at] = d * fg
          } else if (G === 3) {
            const [r, z, c] = [gate(0), gate(1), gate(2)] as const
            const dn = total * (1 - z) * (1 - c * c)
            const dz = total * (hs[from * size + at]! - c) * z * (1 - z)
            const dr = dn * linear[t * size + at]! * r * (1 - r)
            ;[dr, dz, dn].forEach((part, k) => (dx[place(k)] = part))
            ;[dr, dz, dn * r].forEach((part, k) => (ds[place(k)] = part))
            if (first) ds[place(2)] = dn
            next[j] = total * z
          } else {
            const h = hs[to * size + at]!
            ds[place(0)] = relu ? (h > 0 ? total : 0) : total * (1 - h * h)
          }
        }
        // The candidate of a GRU that resets first saw r h: its part goes through r, and from there back.
        for (let k = 0; first && k < H; k++) {
          let dq = 0
          for (let j = 0; j < H; j++) dq += ds[((t * N + n) * G + 2) * H + j]! * w[(2 * H + j) * H + k]!
          const r = gates[(t * N + n) * G * H + k]!
          ds[(t * N + n) * G * H + k] = dq * hs[from * size + n * H + k]! * r * (1 - r)
          next[k]! += dq * r
        }
        for (let k = 0; k < H; k++) {
          let sum = next[k]!
          for (let g = 0; g < (first ? 2 : G); g++)
            for (let j = 0; j < H; j++) sum += ds[((t * N + n) * G + g) * H + j]! * w[(g * H + j) * H + k]!
          dh[n * H + k] = sum
        }
      }
    const bounded = (values: Float64Array) => ({ values, slack: slack * 4 })
    const one: Case = {
      label: labelOf(run),
      numbers: { T, N, H, reverse, relu },
      inputs: {
        ...(G > 1 ? { pGates: gates } : {}),
        pPacked: packOf(row.name, w, H),
        ...(G === 4 ? { pCs: cs, pDc: dcLast } : { pHs: hs }),
        ...(G === 3 && !first ? { pLinear: linear } : {}),
        ...(dy ? { pDy: dy } : {}),
        pDh: dhLast,
        ...(lengths ? { pLengths: lengths } : {}),
      },
      outputs: {
        ...(G === 4 ? { pDc: bounded(dc) } : {}),
        ...(G === 3 && !first ? { pDx: bounded(dx) } : {}),
        pDs: bounded(ds),
        pDh: bounded(dh),
      },
    }
    yield one
  }
}

export const rnnReferences: Readonly<Record<string, Reference>> = { pack, recurrent, recurrentGradient }
