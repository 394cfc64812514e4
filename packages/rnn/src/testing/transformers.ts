import { Adam, crossEntropy, noGrad, reshape, scope, type AnyModule, type Tensor } from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect } from 'vitest'

/** What tools/golden/rnn_transformers.py recorded of a model. */
export interface TransformerCase {
  readonly shape: readonly number[]
  readonly logits: readonly number[]
  /** Of each parameter's gradient: the norm, the first, the middle and the last element. */
  readonly gradients: Readonly<Record<string, readonly [number, number, number, number]>>
  /** Of steps of Adam on one batch. */
  readonly losses: readonly number[]
}

/** A model with a batch: `run` gives its logits, whose last axis holds the classes of `target`. */
export interface Drawn {
  readonly model: AnyModule
  readonly run: () => Tensor
  readonly target: Tensor
}

const lossOf = ({ run, target }: Drawn): Tensor => {
  const logits = run()
  return crossEntropy(reshape(logits, [target.size, -1]), reshape(target, [-1]))
}

/** Compares the logits. */
export const checkLogits = ({ run }: Drawn, { logits, shape }: TransformerCase): true => {
  const y = noGrad(run)
  expect(y.shape).toEqual(shape)
  return allClose(y, logits, { atol: 2e-6, rtol: 1e-4 })
}

/** Compares every parameter's gradient, relative to its norm. */
export const checkGradients = (drawn: Drawn, { gradients }: TransformerCase): true => {
  lossOf(drawn).backward()
  const parameters = drawn.model.namedParameters()
  expect([...parameters.keys()].sort()).toEqual(Object.keys(gradients).sort())
  for (const [name, p] of parameters) {
    expect(p.grad, name).not.toBeNull()
    const g = p.grad!.dataSync()
    const norm = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))
    const got = [norm, g[0], g[Math.floor(g.length / 2)], g[g.length - 1]]
    got.forEach((v, i) =>
      expect(Math.abs(v - gradients[name][i]), `${name} ${i}: ${v}`).toBeLessThan(1e-4 * gradients[name][0] + 1e-7),
    )
  }
  return true
}

/** Takes steps of Adam on the batch; gives the loss before each. */
export const trainSteps = (drawn: Drawn, steps: number, lr: number): number[] => {
  const optimizer = new Adam(drawn.model.parameters(), { lr })
  return Array.from({ length: steps }, () =>
    scope(() => {
      const loss = lossOf(drawn)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    }),
  )
}

/** Compares the curve of the loss over training steps: rounding grows with each step of Adam, to some 1e-5 in ten. */
export const checkCurve = (drawn: Drawn, { losses }: TransformerCase): true => {
  const got = trainSteps(drawn, losses.length, 1e-2)
  got.forEach((loss, i) => expect(Math.abs(loss - losses[i])).toBeLessThan(2e-4 * losses[i]))
  return true
}
