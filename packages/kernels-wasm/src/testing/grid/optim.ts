import { Draw } from './case.ts'
import type { Case, Reference } from './case.ts'

// The formulas in f64. State and parameters are near 1 and roundings few: 12 half units.
const slack = 2 ** -24 * 12

const sizes = [0, 1, 3, 4, 5, 8, 37]

type Numbers = Readonly<Record<string, number>>
type State = Record<string, number>

/** One step for each element: `step` changes p and the state in place. */
const optimizer = (
  pointers: readonly string[],
  settings: readonly Numbers[],
  step: (s: State, g: number, h: Numbers, absent: ReadonlySet<string>) => void,
  absentWhen: (h: Numbers) => readonly string[] = () => [],
): Reference =>
  function* () {
    const draw = new Draw(61)
    for (const n of sizes)
      for (const numbers of settings) {
        const absent = new Set(absentWhen(numbers))
        const present = pointers.filter((pointer) => !absent.has(pointer))
        const g = draw.floats(n)
        const inputs: Record<string, Float32Array> = { pG: g }
        const outputs: Record<string, { values: Float64Array; slack: number }> = {}
        for (const pointer of ['pP', ...present]) {
          inputs[pointer] = draw.floats(n, 0.25, 1)
          outputs[pointer] = { values: new Float64Array(n), slack }
        }
        for (let i = 0; i < n; i++) {
          const state: State = {}
          for (const pointer of ['pP', ...present]) state[pointer] = inputs[pointer]![i]!
          step(state, g[i]!, numbers, absent)
          for (const pointer of ['pP', ...present]) outputs[pointer]!.values[i] = state[pointer]!
        }
        const one: Case = { label: JSON.stringify({ n, ...numbers }), numbers: { n, ...numbers }, inputs, outputs }
        yield one
      }
  }

const sgd = optimizer(
  ['pBuffer'],
  [
    { lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: 0, first: 0 },
    { lr: 0.1, momentum: 0.9, dampening: 0.25, weightDecay: 0.1, nesterov: 0, first: 0 },
    { lr: 0.1, momentum: 0.9, dampening: 0.25, weightDecay: 0.1, nesterov: 0, first: 1 },
    { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: 1, first: 0 },
  ],
  (s, gradient, h) => {
    let g = gradient + h.weightDecay! * s.pP!
    if (h.momentum) {
      s.pBuffer = h.first ? g : h.momentum * s.pBuffer! + (1 - h.dampening!) * g
      g = h.nesterov ? g + h.momentum * s.pBuffer : s.pBuffer
    }
    s.pP! -= h.lr! * g
  },
  (h) => (h.momentum ? [] : ['pBuffer']),
)

const adamBase = { stepSize: 0.02, beta1: 0.9, beta2: 0.99, eps: 1e-3, sqrtCorrection: 0.5, add1: 0.1, add2: 0.01 }

const adam = optimizer(
  ['pM', 'pV', 'pMax'],
  [
    { ...adamBase, weightDecay: 0, shrink: 1, amsgrad: 0 },
    { ...adamBase, weightDecay: 0.1, shrink: 1, amsgrad: 1 },
    { ...adamBase, weightDecay: 0, shrink: 0.9, amsgrad: 0 },
  ],
  (s, gradient, h, absent) => {
    const g = gradient + h.weightDecay! * s.pP!
    s.pM = h.beta1! * s.pM! + h.add1! * g
    s.pV = h.beta2! * s.pV! + h.add2! * g * g
    if (!absent.has('pMax')) s.pMax = Math.max(s.pMax!, s.pV)
    const v = absent.has('pMax') ? s.pV : s.pMax!
    s.pP = s.pP! * h.shrink! - (h.stepSize! * s.pM) / (Math.sqrt(v) / h.sqrtCorrection! + h.eps!)
  },
  (h) => (h.amsgrad ? [] : ['pMax']),
)

const rmsBase = { lr: 0.02, alpha: 0.9, eps: 1e-2, add: 0.1 }

const rmsprop = optimizer(
  ['pSquare', 'pMean', 'pBuffer'],
  [
    { ...rmsBase, weightDecay: 0, momentum: 0, centered: 0 },
    { ...rmsBase, weightDecay: 0.1, momentum: 0.9, centered: 0 },
  ],
  (s, gradient, h, absent) => {
    const g = gradient + h.weightDecay! * s.pP!
    s.pSquare = h.alpha! * s.pSquare! + h.add! * g * g
    const step = g / (Math.sqrt(s.pSquare) + h.eps!)
    if (absent.has('pBuffer')) s.pP! -= h.lr! * step
    else {
      s.pBuffer = h.momentum! * s.pBuffer! + step
      s.pP! -= h.lr! * s.pBuffer
    }
  },
  (h) => ['pMean', ...(h.momentum ? [] : ['pBuffer'])],
)

/** Centred: the mean is kept small, as it is in life, or the difference under the root could be negative. */
const rmspropCentred: Reference = function* () {
  const draw = new Draw(62)
  const h = { ...rmsBase, weightDecay: 0, momentum: 0 }
  for (const n of sizes) {
    const [p, g, mean] = [draw.floats(n), draw.floats(n), draw.floats(n, -0.1, 0.1)]
    const square = draw.floats(n, 0.5, 1)
    const newSquare = Float64Array.from(square, (v, i) => h.alpha * v + h.add * g[i]! ** 2)
    const newMean = Float64Array.from(mean, (v, i) => h.alpha * v + h.add * g[i]!)
    const newP = Float64Array.from(
      p,
      (v, i) => v - (h.lr * g[i]!) / (Math.sqrt(newSquare[i]! - newMean[i]! ** 2) + h.eps),
    )
    yield {
      label: JSON.stringify({ n, centred: true }),
      numbers: { n, ...h },
      inputs: { pP: p, pG: g, pSquare: square, pMean: mean },
      outputs: {
        pP: { values: newP, slack },
        pSquare: { values: newSquare, slack },
        pMean: { values: newMean, slack },
      },
    }
  }
}

const adagrad = optimizer(
  ['pSum'],
  [
    { lr: 0.1, eps: 1e-3, weightDecay: 0 },
    { lr: 0.1, eps: 1e-3, weightDecay: 0.1 },
  ],
  (s, gradient, h) => {
    const g = gradient + h.weightDecay! * s.pP!
    s.pSum! += g * g
    s.pP! -= (h.lr! * g) / (Math.sqrt(s.pSum!) + h.eps!)
  },
)

const adadelta = optimizer(
  ['pSquare', 'pDelta'],
  [
    { lr: 0.5, rho: 0.9, eps: 1e-3, weightDecay: 0, add: 0.1 },
    { lr: 0.5, rho: 0.9, eps: 1e-3, weightDecay: 0.1, add: 0.1 },
  ],
  (s, gradient, h) => {
    const g = gradient + h.weightDecay! * s.pP!
    s.pSquare = h.rho! * s.pSquare! + h.add! * g * g
    const delta = (Math.sqrt(s.pDelta! + h.eps!) / Math.sqrt(s.pSquare + h.eps!)) * g
    s.pDelta = h.rho! * s.pDelta! + h.add! * delta * delta
    s.pP! -= h.lr! * delta
  },
)

const lion = optimizer(
  ['pM'],
  [{ lr: 0.1, beta1: 0.9, beta2: 0.99, shrink: 0.95, add1: 0.1, add2: 0.01 }],
  (s, g, h) => {
    const direction = Math.sign(h.beta1! * s.pM! + h.add1! * g)
    s.pP = s.pP! * h.shrink! - h.lr! * direction
    s.pM = h.beta2! * s.pM! + h.add2! * g
  },
)

export const optimReferences: Readonly<Record<string, Reference>> = {
  sgd,
  adam,
  rmsprop: function* (row) {
    yield* rmsprop(row)
    yield* rmspropCentred(row)
  },
  adagrad,
  adadelta,
  lion,
}
