import { readFileSync } from 'node:fs'
import { crossEntropy, manualSeed, noGrad, rand, randint, scope, Sgd, type Module, type Tensor } from '@lanewise/core'
import { expect } from 'vitest'

/** What tools/golden/cnn_classifiers.py recorded of a model. */
export interface ClassifierCase {
  readonly shape: readonly number[]
  readonly classes: number
  readonly lr: number
  readonly parameters: number
  /** In evaluation, before any training. */
  readonly logits: readonly number[]
  /** Of each parameter's gradient: the norm, the first, the middle and the last element. */
  readonly gradients: Readonly<Record<string, readonly [number, number, number, number]>>
  /** Of steps of SGD on one batch. */
  readonly losses: readonly number[]
}

/** What a golden file holds: a case, or cases by name. */
export const goldenCase = <T = ClassifierCase>(url: URL): T => JSON.parse(readFileSync(url, 'utf8'))

/** The number of trained values. */
export const parameterCount = (model: Module): number => model.parameters().reduce((n, p) => n + p.size, 0)

/** Largest difference over the largest expected value. */
export const worstShare = (got: ArrayLike<number>, expected: ArrayLike<number>): number => {
  const scale = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 0)
  const worst = Array.from(expected).reduce((m, v, i) => Math.max(m, Math.abs((got[i] ?? NaN) - v)), 0)
  return got.length === expected.length ? worst / scale : Infinity
}

const compareGradients = (model: Module, c: ClassifierCase, tolerance: number): void => {
  const parameters = model.namedParameters()
  expect([...parameters.keys()]).toEqual(Object.keys(c.gradients))
  for (const [name, p] of parameters) {
    const expected = c.gradients[name]
    const g = p.grad!.dataSync()
    const length = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))
    const got = [length, g[0], g[Math.floor(g.length / 2)], g[g.length - 1]]
    const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i])), 0)
    expect(worst, `${name}: ${got} for ${expected}`).toBeLessThan(tolerance * expected[0] + 1e-7)
  }
}

/**
 * Builds the model and draws a batch under PyTorch's seed, then compares the number of parameters, the logits in
 * evaluation, all gradients and the losses of some steps of SGD. Sums in another order differ by some 1e-6 of the
 * largest logit; batch norm over few values amplifies that in the gradients.
 */
export const checkClassifier = (build: () => Module, c: ClassifierCase, tolerance = 1e-4): true => {
  manualSeed(0)
  const model = build()
  expect(parameterCount(model)).toBe(c.parameters)
  const x = rand(c.shape)
  const target = randint(0, c.classes, [c.shape[0]])
  const logits = noGrad(() => model.eval().forward(x))
  expect(worstShare(logits.dataSync(), c.logits)).toBeLessThan(2e-5)
  const optimizer = new Sgd(model.train().parameters(), { lr: c.lr })
  const step = (x: Tensor, first: boolean): number => {
    const loss = crossEntropy(model.forward(x), target)
    optimizer.zeroGrad()
    loss.backward()
    if (first) compareGradients(model, c, tolerance)
    optimizer.step()
    return loss.item()
  }
  const losses = c.losses.map((_, i) => scope(() => step(x, i === 0)))
  expect(worstShare(losses, c.losses)).toBeLessThan(tolerance)
  return true
}
