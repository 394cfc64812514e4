import { readFileSync } from 'node:fs'
import { Adam, crossEntropy, manualSeed, noGrad, rand, randint, scope, type Module, type Tensor } from '@lanewise/core'
import { expect } from 'vitest'

/** What tools/golden/cnn_unet.py recorded of a model. */
export interface SegmentationCase {
  readonly shape: readonly [N: number, C: number, H: number, W: number]
  /** Every so many logits are stored. */
  readonly every: number
  readonly parameters: number
  /** In evaluation, before any training. */
  readonly logits: readonly number[]
  /** Of each parameter's gradient: the norm, the first, the middle and the last element. */
  readonly gradients: Readonly<Record<string, readonly [number, number, number, number]>>
  /** Of steps of Adam on one batch. */
  readonly losses: readonly number[]
}

/** What a golden file holds: a case, or cases by name. */
export const golden = <T = SegmentationCase>(url: URL): T => JSON.parse(readFileSync(url, 'utf8'))

/** A model with its recorded case, and the inputs that are drawn after it. */
export interface Drawn<M extends Module = Module> {
  readonly model: M
  readonly case: SegmentationCase
  readonly x: Tensor
  readonly target: Tensor
}

/** Builds the model and draws a batch under seed 0. */
export const draw = <M extends Module>(build: () => M, c: SegmentationCase, classes: number): Drawn<M> => {
  manualSeed(0)
  const model = build()
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(c.parameters)
  const [N, , H, W] = c.shape
  return { model, case: c, x: rand(c.shape), target: randint(0, classes, [N, H, W]) }
}

/** The loss of the recording: label 0 does not count. */
const lossOf = ({ model, x, target }: Drawn): Tensor => crossEntropy(model.forward(x), target, { ignoreIndex: 0 })

/** Largest difference over the largest expected value. */
const worst = (got: ArrayLike<number>, expected: ArrayLike<number>): number => {
  const scale = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 0)
  return Array.from(expected).reduce((m, v, i) => Math.max(m, Math.abs(got[i] - v)), 0) / scale
}

/** Compares the logits in evaluation; layers of f32 sums in another order differ by some 1e-6 of the largest. */
export const checkLogits = ({ model, case: c, x }: Drawn): true => {
  const logits = noGrad(() => model.eval().forward(x)).dataSync()
  const stored = c.logits.map((_, i) => logits[i * c.every])
  expect(Math.ceil(logits.length / c.every)).toBe(c.logits.length)
  expect(worst(stored, c.logits)).toBeLessThan(2e-5)
  return true
}

/**
 * Compares every parameter's gradient, relative to its norm. Batch norm over few values amplifies the rounding of its
 * inputs, and relu and max pooling switch where values all but tie.
 */
export const checkGradients = (
  drawn: Drawn,
  { loss = lossOf, tolerance = 2e-3 }: { readonly loss?: (drawn: Drawn) => Tensor; readonly tolerance?: number } = {},
): true => {
  const { model, case: c } = drawn
  loss({ ...drawn, model: model.train() }).backward()
  const parameters = model.namedParameters()
  expect([...parameters.keys()]).toEqual(Object.keys(c.gradients))
  for (const [name, p] of parameters) {
    const [norm, ...elements] = c.gradients[name]
    expect(p.grad, name).not.toBeNull()
    const g = p.grad!.dataSync()
    const length = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))
    const got = [length, g[0], g[Math.floor(g.length / 2)], g[g.length - 1]]
    got.forEach((v, i) => {
      const difference = Math.abs(v - [norm, ...elements][i])
      expect(difference, `${name} ${i}: ${v}`).toBeLessThan(tolerance * norm + 1e-7)
    })
  }
  return true
}

/** Trains on one batch and compares the curve of the loss: rounding grows with each step, most through batch norm over few values. */
export const checkTraining = (drawn: Drawn, lr = 1e-2, lossOn: (drawn: Drawn) => Tensor = lossOf): true => {
  const { model, case: c } = drawn
  const optimizer = new Adam(model.train().parameters(), { lr })
  const losses = c.losses.map(() =>
    scope(() => {
      const loss = lossOn(drawn)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    }),
  )
  expect(losses.length).toBeGreaterThan(0)
  expect(losses[losses.length - 1]).toBeLessThan(losses[0])
  losses.forEach((loss, i) => expect(Math.abs(loss - c.losses[i])).toBeLessThan(5e-3 * c.losses[i]))
  return true
}
