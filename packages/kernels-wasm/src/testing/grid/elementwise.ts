import type { KernelRow } from '../../manifest.ts'
import { Draw, lengths } from './case.ts'
import type { Case, Reference, Values } from './case.ts'
import {
  erf,
  erfc,
  fromHalf,
  normalDensity,
  normalDistribution,
  roundEven,
  sigmoid,
  softplus,
  tanhSoftplus,
  toHalf,
} from './math.ts'

type Parameters = Readonly<Record<string, number>>

interface UnaryReference {
  readonly f: (x: number, p: Parameters) => number
  readonly ulp: number
  /** Absolute error allowed besides, as a multiple of |x|. */
  readonly relative?: number
  readonly parameters?: Parameters
}

const selu = { alpha: Math.fround(1.6732632423543772), scale: Math.fround(1.0507009873554805) }
const clip = (x: number, low: number, high: number): number => (x < low ? low : x > high ? high : x)
const third = Math.fround(1 / 3)

const unaryTable: Readonly<Record<string, UnaryReference>> = {
  neg: { f: (x) => -x, ulp: 0 },
  abs: { f: Math.abs, ulp: 0 },
  sign: { f: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0), ulp: 0 },
  square: { f: (x) => x * x, ulp: 0.5 },
  sqrt: { f: Math.sqrt, ulp: 0.5 },
  // Two roundings, each of half a unit, and the result may lie just below a power of two.
  rsqrt: { f: (x) => 1 / Math.sqrt(x), ulp: 1.5 },
  reciprocal: { f: (x) => 1 / x, ulp: 0.5 },
  exp: { f: Math.exp, ulp: 1.1 },
  expm1: { f: Math.expm1, ulp: 0.51 },
  log: { f: Math.log, ulp: 1 },
  log1p: { f: Math.log1p, ulp: 0.51 },
  log2: { f: Math.log2, ulp: 0.51 },
  sin: { f: Math.sin, ulp: 0.51 },
  cos: { f: Math.cos, ulp: 0.51 },
  tan: { f: Math.tan, ulp: 0.51 },
  asin: { f: Math.asin, ulp: 0.51 },
  acos: { f: Math.acos, ulp: 0.51 },
  atan: { f: Math.atan, ulp: 0.51 },
  sinh: { f: Math.sinh, ulp: 0.51 },
  cosh: { f: Math.cosh, ulp: 0.51 },
  asinh: { f: Math.asinh, ulp: 0.51 },
  acosh: { f: Math.acosh, ulp: 0.51 },
  atanh: { f: Math.atanh, ulp: 0.51 },
  tanh: { f: Math.tanh, ulp: 3 },
  sigmoid: { f: sigmoid, ulp: 2 },
  logsigmoid: { f: (x) => -softplus(-x), ulp: 0.51 },
  erf: { f: erf, ulp: 0.6 },
  relu: { f: (x) => (x < 0 ? 0 : x), ulp: 0 },
  relu6: { f: (x) => clip(x, 0, 6), ulp: 0 },
  selu: { f: (x) => selu.scale * (x > 0 ? x : selu.alpha * Math.expm1(x)), ulp: 2.5 },
  gelu: { f: (x) => (x === -Infinity ? 0 : (x * erfc(-x / Math.SQRT2)) / 2), ulp: 2, relative: 1e-7 },
  gelu_tanh: { f: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)), ulp: 2, relative: 1e-7 },
  silu: { f: (x) => x * sigmoid(x), ulp: 3, relative: 1e-7 },
  mish: { f: (x) => x * tanhSoftplus(x), ulp: 3, relative: 1.2e-7 },
  softsign: { f: (x) => x / (1 + Math.abs(x)), ulp: 1.5 },
  hardsigmoid: { f: (x) => clip(Math.fround(x + 3), 0, 6) / 6, ulp: 0.5 },
  // The product may overflow before the division, as in PyTorch.
  hardswish: { f: (x) => Math.fround(x * clip(Math.fround(x + 3), 0, 6)) / 6, ulp: 0.5 },
  floor: { f: Math.floor, ulp: 0 },
  ceil: { f: Math.ceil, ulp: 0 },
  round: { f: roundEven, ulp: 0 },
  trunc: { f: Math.trunc, ulp: 0 },
  leaky_relu: { f: (x, { slope }) => (x > 0 ? x : x * slope!), ulp: 0.5, parameters: { slope: Math.fround(0.01) } },
  elu: { f: (x, { alpha }) => (x > 0 ? x : alpha! * Math.expm1(x)), ulp: 2, parameters: { alpha: 1.5 } },
  celu: { f: (x, { alpha }) => (x > 0 ? x : alpha! * Math.expm1(x / alpha!)), ulp: 2.5, parameters: { alpha: 1.25 } },
  softplus: {
    f: (x, { beta, threshold }) => (beta! * x > threshold! ? x : softplus(beta! * x) / beta!),
    ulp: 0.51,
    parameters: { beta: 2, threshold: 20 },
  },
  hardtanh: { f: (x, { low, high }) => clip(x, low!, high!), ulp: 0, parameters: { low: -0.75, high: 2 } },
  clip: { f: (x, { low, high }) => clip(x, low!, high!), ulp: 0, parameters: { low: -Infinity, high: 3 } },
  scale: { f: (x, { a, b }) => Math.fround(x * a!) + b!, ulp: 0.5, parameters: { a: 0.75, b: third } },
}

const nameOf = (row: KernelRow): string => row.name.replace(/^(f32|i32|u8|b32|b8)_/, '').replace(/_grad$|_nd$/, '')

/** Every exponent of f32, both signs, some mantissas each. */
const everyExponent = (): Float32Array => {
  const perExponent = 24
  const words = new Uint32Array(512 * perExponent)
  for (let i = 0; i < words.length; i++) {
    const mantissa = [0, 0x7fffff, 1, 0x400000][i % perExponent] ?? Math.imul(i, 2654435761) & 0x7fffff
    words[i] = (Math.floor(i / perExponent) << 23) | mantissa
  }
  return new Float32Array(words.buffer)
}

const mapped = (label: string, reference: UnaryReference, x: Float32Array): Case => {
  const parameters = reference.parameters ?? {}
  const values = Float64Array.from(x, (value) => reference.f(value, parameters))
  const factor = reference.relative ?? 0
  return {
    label,
    numbers: { n: x.length, ...parameters },
    inputs: { pX: x },
    outputs: { pY: { values, ulp: reference.ulp, slack: slackOf(x, factor) } },
  }
}

const slackOf = (x: Float32Array, factor: number): Values | number =>
  factor ? x.map((value) => (Number.isFinite(value) ? factor * Math.abs(value) : 1e-14)) : 0

const unary: Reference = function* (row) {
  const reference = unaryTable[nameOf(row)]!
  const draw = new Draw(1)
  for (const n of lengths) yield mapped(`n ${n}`, reference, draw.wild(n))
  yield mapped('every exponent', reference, everyExponent())
}

interface GradientReference {
  /** dx / dy from v. */
  readonly slope: (v: number, p: Parameters) => number
  readonly ulp: number
  readonly parameters?: Parameters
  /** Size of the terms that may cancel; default 1 + |v|. */
  readonly size?: (v: number) => number
  /** Interval that v comes from; default all numbers in [-12, 12]. */
  readonly domain?: readonly [number, number]
}

const elu = (x: number, alpha: number): number => (x > 0 ? 1 : alpha * Math.exp(x))
const geluTanhSlope = (x: number): number => {
  const c = 2 * Math.sqrt(2 / Math.PI)
  const s = sigmoid(c * (x + 0.044715 * x ** 3))
  return s * (1 + x * (1 - s) * c * (1 + 3 * 0.044715 * x * x))
}
const mishSlope = (x: number): number => {
  const t = tanhSoftplus(x)
  return t + x * sigmoid(x) * (1 - t * t)
}

// Slopes that add terms of opposite sign are also given an absolute error (see `gradient`).
const gradientTable: Readonly<Record<string, GradientReference>> = {
  relu: { slope: (y) => (y <= 0 ? 0 : 1), ulp: 0 },
  relu6: { slope: (x) => (x <= 0 || x >= 6 ? 0 : 1), ulp: 0 },
  hardsigmoid: { slope: (x) => (x > -3 && x < 3 ? 1 / 6 : 0), ulp: 1.5 },
  hardswish: { slope: (x) => (x < -3 ? 0 : x <= 3 ? x / 3 + 0.5 : 1), ulp: 2 },
  sigmoid: { slope: (y) => (1 - y) * y, ulp: 3, domain: [0, 1] },
  tanh: { slope: (y) => 1 - y * y, ulp: 3, domain: [-1, 1] },
  softsign: { slope: (x) => 1 / (1 + Math.abs(x)) ** 2, ulp: 3 },
  abs: { slope: Math.sign, ulp: 0 },
  sqrt: { slope: (y) => 1 / (2 * y), ulp: 1, domain: [0.1, 9] },
  selu: { slope: (x) => selu.scale * elu(x, selu.alpha), ulp: 4 },
  silu: { slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))), ulp: 4 },
  logsigmoid: { slope: (x) => sigmoid(-x), ulp: 3 },
  mish: { slope: mishSlope, ulp: 6 },
  gelu: { slope: (x) => normalDistribution(x) + x * normalDensity(x), ulp: 2 },
  gelu_tanh: { slope: geluTanhSlope, ulp: 4, size: (x) => 1 + Math.abs(x) * (1.6 + 0.22 * x * x) },
  leaky_relu: { slope: (x, { slope }) => (x > 0 ? 1 : slope!), ulp: 0.5, parameters: { slope: 0.25 } },
  hardtanh: {
    slope: (x, { low, high }) => (x <= low! || x >= high! ? 0 : 1),
    ulp: 0,
    parameters: { low: -0.75, high: 2 },
  },
  elu: { slope: (x, { alpha }) => elu(x, alpha!), ulp: 3, parameters: { alpha: 1.5 } },
  celu: { slope: (x, { alpha }) => (x > 0 ? 1 : Math.exp(x / alpha!)), ulp: 12, parameters: { alpha: 1.25 } },
  softplus: {
    slope: (x, { beta, threshold }) => (beta! * x > threshold! ? 1 : sigmoid(beta! * x)),
    ulp: 3,
    parameters: { beta: 2, threshold: 20 },
  },
}

const gradient: Reference = function* (row) {
  const reference = gradientTable[nameOf(row)]!
  const parameters = reference.parameters ?? {}
  const [low, high] = reference.domain ?? [-12, 12]
  const draw = new Draw(2)
  for (const n of [...lengths, 1000]) {
    const v = draw.floats(n, low, high)
    if (n > 4 && !reference.domain) v.set([0, -3, 3, 6])
    const dy = draw.floats(n)
    const values = Float64Array.from(v, (value, i) => dy[i]! * reference.slope(value, parameters))
    // The terms that may cancel are together at most `size` large, each good to two units of 2^-23.
    const size = reference.size ?? ((x: number) => 1 + Math.abs(x))
    const slack = dy.map((value, i) => 2 ** -22 * Math.abs(value) * size(v[i]!))
    yield {
      label: `n ${n}`,
      numbers: { n, ...parameters },
      inputs: { pV: v, pDy: dy },
      outputs: { pDx: { values, ulp: reference.ulp, slack: reference.ulp ? slack : 0 } },
    }
  }
}

type Two = (a: number, b: number) => number

const remainder: Two = (a, b) => {
  const r = a % b
  return r !== 0 && b < 0 !== r < 0 ? Math.fround(r + b) : r
}

const floorDivide: Two = (a, b) => {
  const f = Math.fround
  if (b === 0) return f(a / b)
  const r = a % b
  let quotient = f(f(a - r) / b)
  if (r !== 0 && b < 0 !== r < 0) quotient = f(quotient - 1)
  if (quotient === 0) return a / b < 0 ? -0 : 0
  const below = Math.floor(quotient)
  return quotient - below > 0.5 ? below + 1 : below
}

const pow: Two = (a, b) => (a === 1 || b === 0 ? 1 : a === -1 && Math.abs(b) === Infinity ? 1 : Math.pow(a, b))
const not =
  (test: (a: number, b: number) => boolean): Two =>
  (a, b) =>
    test(a, b) ? 1 : 0

const floatTwo: Readonly<Record<string, { f: Two; ulp: number }>> = {
  add: { f: (a, b) => a + b, ulp: 0.5 },
  sub: { f: (a, b) => a - b, ulp: 0.5 },
  mul: { f: (a, b) => a * b, ulp: 0.5 },
  div: { f: (a, b) => a / b, ulp: 0.5 },
  pow: { f: pow, ulp: 0.51 },
  maximum: { f: Math.max, ulp: 0 },
  minimum: { f: Math.min, ulp: 0 },
  fmod: { f: (a, b) => a % b, ulp: 0 },
  remainder: { f: remainder, ulp: 0 },
  atan2: { f: Math.atan2, ulp: 0.51 },
  floor_divide: { f: floorDivide, ulp: 0 },
  eq: { f: not((a, b) => a === b), ulp: 0 },
  ne: { f: not((a, b) => a !== b), ulp: 0 },
  lt: { f: not((a, b) => a < b), ulp: 0 },
  le: { f: not((a, b) => a <= b), ulp: 0 },
  gt: { f: not((a, b) => a > b), ulp: 0 },
  ge: { f: not((a, b) => a >= b), ulp: 0 },
}

const integerTwo: Readonly<Record<string, Two>> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  maximum: Math.max,
  minimum: Math.min,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  floor_divide: (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0),
  remainder: (a, b) => (b === 0 ? 0 : a - Math.floor(a / b) * b),
  shl: (a, b) => a << b,
  shr: (a, b) => a >> b,
}

const logicalTwo: Readonly<Record<string, Two>> = {
  logical_and: (a, b) => (a && b ? 1 : 0),
  logical_or: (a, b) => (a || b ? 1 : 0),
  logical_xor: (a, b) => (!a !== !b ? 1 : 0),
}

const twoOf = (row: KernelRow): { f: Two; ulp: number } => {
  const name = nameOf(row)
  if (row.name.startsWith('f32')) return floatTwo[name]!
  if (row.name.startsWith('u8')) return { f: logicalTwo[name]!, ulp: 0 }
  return integerTwo[name] ? { f: integerTwo[name], ulp: 0 } : floatTwo[name]!
}

const drawFor = (row: KernelRow, draw: Draw, n: number): Float32Array | Int32Array | Uint8Array => {
  if (row.name.startsWith('f32')) return draw.wild(n)
  return row.name.startsWith('i32') ? draw.wildIntegers(n) : draw.bytes(n, 0, 2)
}

const binary: Reference = function* (row) {
  const { f, ulp } = twoOf(row)
  const draw = new Draw(3)
  for (const n of [...lengths, 999]) {
    const a = drawFor(row, draw, n)
    const b = drawFor(row, draw, n)
    yield {
      label: `n ${n}`,
      numbers: { n },
      inputs: { pA: a, pB: b },
      outputs: { pY: { values: Float64Array.from(a, (value, i) => f(value, b[i]!)), ulp } },
    }
  }
}

interface Strided {
  readonly shape: readonly number[]
  readonly strides: readonly (readonly number[])[]
}

/** Row-major positions of a shape. */
const positions = function* (shape: readonly number[]): Iterable<readonly number[]> {
  const at = shape.map(() => 0)
  const count = shape.reduce((product, n) => product * n, 1)
  for (let i = 0; i < count; i++) {
    yield at
    for (let d = shape.length - 1; d >= 0 && ++at[d]! === shape[d]; d--) at[d] = 0
  }
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

/** Elements that strides reach, and how far the first element lies above the lowest. */
const extentOf = (shape: readonly number[], strides: readonly number[]): { count: number; start: number } => {
  const reach = shape.map((n, d) => (n - 1) * strides[d]!)
  if (shape.includes(0)) return { count: 1, start: 0 }
  const high = reach.reduce((sum, r) => sum + Math.max(0, r), 0)
  const low = reach.reduce((sum, r) => sum + Math.min(0, r), 0)
  return { count: high - low + 1, start: -low }
}

const stridedPairs: readonly Strided[] = [
  { shape: [], strides: [[], []] },
  { shape: [1], strides: [[1], [1]] },
  { shape: [37], strides: [[1], [0]] },
  { shape: [37], strides: [[0], [1]] },
  { shape: [33], strides: [[0], [0]] },
  { shape: [19], strides: [[-1], [2]] },
  {
    shape: [5, 16],
    strides: [
      [16, 1],
      [0, 1],
    ],
  },
  {
    shape: [16, 17],
    strides: [
      [17, 1],
      [1, 0],
    ],
  },
  {
    shape: [3, 7],
    strides: [
      [1, 3],
      [7, 1],
    ],
  },
  {
    shape: [7, 3],
    strides: [
      [0, 1],
      [3, 1],
    ],
  },
  {
    shape: [2, 3, 35],
    strides: [
      [105, 35, 1],
      [0, 1, 0],
    ],
  },
  {
    shape: [3, 4, 5],
    strides: [
      [-20, 5, -1],
      [1, 3, 12],
    ],
  },
  {
    shape: [2, 3, 2, 18],
    strides: [
      [108, 36, 18, 1],
      [0, 18, 0, 1],
    ],
  },
  {
    shape: [2, 0, 3],
    strides: [
      [3, 3, 1],
      [0, 0, 1],
    ],
  },
  {
    shape: [1, 2, 2, 2, 3],
    strides: [
      [0, 12, 6, 3, 1],
      [1, 1, 2, 4, 8],
    ],
  },
]

const binaryNd: Reference = function* (row) {
  const { f, ulp } = twoOf(row)
  const draw = new Draw(4)
  for (const { shape, strides } of stridedPairs) {
    const [sA, sB] = strides as [readonly number[], readonly number[]]
    const extentA = extentOf(shape, sA)
    const extentB = extentOf(shape, sB)
    const a = drawFor(row, draw, extentA.count)
    const b = drawFor(row, draw, extentB.count)
    const values = Array.from(positions(shape), (at) =>
      f(a[extentA.start + dot(at, sA)]!, b[extentB.start + dot(at, sB)]!),
    )
    yield {
      label: JSON.stringify({ shape, strides }),
      numbers: { rank: shape.length },
      inputs: { pA: a, pB: b, pMeta: [...shape, ...sA, ...sB] },
      start: { pA: extentA.start, pB: extentB.start },
      outputs: { pY: { values, ulp } },
    }
  }
}

const bytesOf = (row: KernelRow): boolean => row.name.startsWith('b8')

const where: Reference = function* (row) {
  const draw = new Draw(5)
  for (const n of lengths) {
    const condition = draw.bytes(n, 0, 2)
    const a = bytesOf(row) ? draw.bytes(n, 0, 255) : draw.wild(n)
    const b = bytesOf(row) ? draw.bytes(n, 0, 255) : draw.wild(n)
    yield {
      label: `n ${n}`,
      numbers: { n },
      inputs: { pCond: condition, pA: a, pB: b },
      outputs: { pY: { values: Array.from(condition, (c, i) => (c ? a : b)[i]!) } },
      inPlace: [
        ['pY', 'pA'],
        ['pY', 'pB'],
      ],
    }
  }
}

const whereNd: Reference = function* (row) {
  const draw = new Draw(6)
  for (const { shape, strides } of stridedPairs) {
    const [sC, sA] = strides as [readonly number[], readonly number[]]
    const sB = sA.map((s) => -s)
    const [c, a, b] = [sC, sA, sB].map((s) => extentOf(shape, s)) as [Extent, Extent, Extent]
    const condition = draw.bytes(c.count, 0, 1)
    const x = bytesOf(row) ? draw.bytes(a.count, 0, 255) : draw.wild(a.count)
    const y = bytesOf(row) ? draw.bytes(b.count, 0, 255) : draw.wild(b.count)
    const pick = (at: readonly number[]): number =>
      condition[c.start + dot(at, sC)] ? x[a.start + dot(at, sA)]! : y[b.start + dot(at, sB)]!
    yield {
      label: JSON.stringify({ shape, strides }),
      numbers: { rank: shape.length },
      inputs: { pCond: condition, pA: x, pB: y, pMeta: [...shape, ...sC, ...sA, ...sB] },
      start: { pCond: c.start, pA: a.start, pB: b.start },
      outputs: { pY: { values: Array.from(positions(shape), pick) } },
    }
  }
}

type Extent = ReturnType<typeof extentOf>

const copyShapes: readonly { shape: readonly number[]; strides: readonly number[] }[] = [
  { shape: [], strides: [] },
  { shape: [37], strides: [1] },
  { shape: [37], strides: [3] },
  { shape: [9], strides: [-1] },
  { shape: [33, 33], strides: [1, 33] },
  { shape: [16, 16], strides: [1, 16] },
  { shape: [5, 70], strides: [1, 5] },
  { shape: [70, 5], strides: [1, 71] },
  { shape: [18, 6], strides: [20, 2] },
  { shape: [3, 17, 5], strides: [85, 1, 17] },
  { shape: [4, 6, 9], strides: [1, 36, 4] },
  { shape: [2, 5, 3, 7], strides: [105, 1, 35, 5] },
  { shape: [3, 5], strides: [-5, -1] },
  { shape: [6, 4, 5], strides: [5, 30, 1] },
]

const copy = (into: boolean): Reference =>
  function* (row) {
    const draw = new Draw(7)
    const broadcasts = into
      ? []
      : [
          { shape: [4, 9], strides: [0, 1] },
          { shape: [4, 9], strides: [1, 0] },
          { shape: [5], strides: [0] },
        ]
    for (const { shape, strides } of [...copyShapes, ...broadcasts]) {
      const { count, start } = extentOf(shape, strides)
      const size = shape.reduce((product, n) => product * n, 1)
      const make = (n: number) => (bytesOf(row) ? draw.bytes(n, 0, 255) : draw.wild(n))
      const offsets = Array.from(positions(shape), (at) => start + dot(at, strides))
      const common = { label: JSON.stringify({ shape, strides }), numbers: { rank: shape.length } }
      const pMeta = [...shape, ...strides]
      if (into) {
        const x = make(size)
        const old = make(count)
        const values = Array.from(old)
        offsets.forEach((offset, i) => (values[offset] = x[i]!))
        yield { ...common, inputs: { pX: x, pY: old, pMeta }, start: { pY: start }, outputs: { pY: { values } } }
      } else {
        const x = make(count)
        const values = offsets.map((offset) => x[offset]!)
        yield { ...common, inputs: { pX: x, pMeta }, start: { pX: start }, outputs: { pY: { values } } }
      }
    }
  }

const saturate = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), -2147483648), 2147483647)

const castTable: Readonly<Record<string, (x: number) => number>> = {
  i32_neg: (x) => -x | 0,
  i32_abs: (x) => Math.abs(x) | 0,
  i32_relu: (x) => Math.max(x, 0),
  i32_not: (x) => ~x,
  u8_logical_not: (x) => (x ? 0 : 1),
  f32_isnan: (x) => (Number.isNaN(x) ? 1 : 0),
  f32_isinf: (x) => (Math.abs(x) === Infinity ? 1 : 0),
  f32_isfinite: (x) => (Number.isFinite(x) ? 1 : 0),
  f32_to_i32: saturate,
  i32_to_f32: Math.fround,
  f32_to_bool: (x) => (x === 0 ? 0 : 1),
  i32_to_bool: (x) => (x === 0 ? 0 : 1),
  f32_to_u8: (x) => saturate(x) & 255,
  i32_to_u8: (x) => x & 255,
  u8_to_f32: (x) => x,
  u8_to_i32: (x) => x,
  f16_to_f32: fromHalf,
  f32_to_f16: toHalf,
  bf16_to_f32: (bits) => bitsToFloat(bits << 16),
  f32_to_bf16: (x) => toBrain(x),
  b32_copy: (x) => x,
  b8_copy: (x) => x,
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

const bitsToFloat = (bits: number): number => {
  word[0] = bits
  return float[0]!
}

const toBrain = (x: number): number => {
  float[0] = x
  const bits = word[0]!
  if (Number.isNaN(x)) return ((bits >>> 16) & 0x8000) | 0x7fc0
  return roundEven(bits / 65536)
}

const castInput = (row: KernelRow, draw: Draw, n: number): Float32Array | Int32Array | Uint8Array | Uint16Array => {
  const { dtype } = row.signature[0]!
  if (dtype === 'u16') return Uint16Array.from({ length: n }, () => draw.integer(0, 65535))
  if (dtype === 'u8') return draw.bytes(n, 0, 255)
  return dtype === 'i32' ? draw.wildIntegers(n) : withHalves(draw, draw.wild(n))
}

/** Also values around what f16 can hold. */
const withHalves = (draw: Draw, x: Float32Array): Float32Array =>
  // A NaN from JavaScript has no sign that the engine keeps, so halves of NaN are not compared.
  x.map((value) => (Number.isNaN(value) ? draw.between(-70000, 70000) : draw.unit() < 0.3 ? value * 2 ** -12 : value))

const cast: Reference = function* (row) {
  const f = castTable[row.name]!
  const draw = new Draw(8)
  for (const n of [...lengths, 1009]) {
    const x = castInput(row, draw, n)
    yield { label: `n ${n}`, numbers: { n }, inputs: { pX: x }, outputs: { pY: { values: Float64Array.from(x, f) } } }
  }
}

const fill: Reference = function* (row) {
  const value = row.name === 'f32_fill' ? 0.3 : row.name === 'b8_fill' ? 7 : -5
  for (const n of lengths)
    yield {
      label: `n ${n}`,
      numbers: { n, value },
      inputs: {},
      outputs: { pY: { values: Array.from({ length: n }, () => value) } },
    }
}

const axpy: Reference = function* () {
  const draw = new Draw(9)
  for (const n of lengths) {
    const x = draw.floats(n)
    const y = draw.floats(n)
    const values = Float64Array.from(x, (value, i) => y[i]! + 0.75 * value)
    // One rounding of the product where it is not fused, |product| <= 0.75.
    yield {
      label: `n ${n}`,
      numbers: { n, a: 0.75 },
      inputs: { pX: x, pY: y },
      outputs: { pY: { values, ulp: 0.5, slack: 1.2e-7 } },
    }
  }
}

const lerp: Reference = function* () {
  const draw = new Draw(10)
  for (const n of lengths) {
    for (const t of [0, 0.25, 0.75, 1]) {
      const a = draw.floats(n)
      const b = draw.floats(n)
      const values = Float64Array.from(a, (value, i) => value + t * (b[i]! - value))
      const slack = t === 0 || t === 1 ? 0 : 2.4e-7
      yield { label: `n ${n}, t ${t}`, numbers: { n, t }, inputs: { pA: a, pB: b }, outputs: { pY: { values, slack } } }
    }
  }
}

const arange: Reference = function* () {
  for (const n of lengths) {
    const values = Float64Array.from({ length: n }, (_, i) => -1 + i * 0.1)
    yield { label: `n ${n}`, numbers: { n, start: -1, step: 0.1 }, inputs: {}, outputs: { pY: { values } } }
  }
}

export const elementwiseReferences: Readonly<Record<string, Reference>> = {
  unary,
  gradient,
  binary,
  binaryNd,
  where,
  whereNd,
  copyNd: copy(false),
  copyIntoNd: copy(true),
  cast,
  fill,
  axpy,
  lerp,
  arange,
}
