import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { withBackend } from '../backends/default.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { noGrad } from '../autograd/modes.ts'
import { parameter } from '../nn/module.ts'
import { add, mul } from '../ops/binary.ts'
import { Generator } from '../random/generator.ts'
import { scope } from '../tensor/scope.ts'
import { fromData, tensor } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import golden from './__golden__/optim.json' with { type: 'json' }
import * as optim from './index.ts'
import type { Optimizer, OptimizerFactory } from './optimizer.ts'

const shapes = [[3, 5], [7]]
const backends = { wasm: wasmBackend, reference: referenceBackend }

/** The scripts' draws: uniform in [-1, 1) from a seed. */
const drawn = (seed: number, k: number): Tensor =>
  fromData(new Generator(seed).uniform(new Float32Array(sizeOf(shapes[k])), -1, 1), shapes[k], 'f32')
const noise = (step: number, k: number): Tensor => drawn(100 + 10 * step + k, k)

const factories = optim as Record<string, unknown> as Record<string, (options: object) => OptimizerFactory>

const setGradients = (params: readonly Tensor[], step: number): void =>
  noGrad(() => params.forEach((p, k) => (p.grad = add(mul(p, 0.5), noise(step, k)))))

const run = (make: OptimizerFactory, steps: number): { params: Tensor[]; optimizer: Optimizer } => {
  const params = shapes.map((_, k) => parameter(drawn(k, k)))
  const optimizer = make(params)
  for (let step = 0; step < steps; step++) {
    setGradients(params, step)
    optimizer.step()
  }
  return { params, optimizer }
}

const titled = golden.optimizers.map((c) => ({ ...c, title: `${c.name} ${JSON.stringify(c.options)}` }))

test.each(titled)('$title follows PyTorch', ({ name, options, values, state }) => {
  for (const make of Object.values(backends)) {
    withBackend(make(), () => {
      const { params, optimizer } = run(factories[name](options), golden.steps)
      params.forEach((p, k) => allClose(p, values[k], { rtol: 1e-5, atol: 1e-6 }))
      const names = Object.keys(optimizer.stateDict().state.get(0) ?? {}).sort()
      expect(names).toEqual(state ?? ['exp_avg'])
    })
  }
})

test.each(titled)('$title composed of tensor ops equals the kernel', ({ name, options }) => {
  const composed = withBackend(wasmBackend(), () => {
    const { params, optimizer } = run(factories[name](options), 0)
    // The asynchronous path: the op's own compose, reached through a backend that runs nothing else.
    const backend = params[0].backend
    const { run: plain } = backend
    backend.run = (op, inputs, attrs, specs) =>
      op.compose !== undefined && op.mutates !== undefined
        ? op.compose(inputs, attrs)
        : plain.call(backend, op, inputs, attrs, specs)
    for (let step = 0; step < golden.steps; step++) {
      setGradients(params, step)
      optimizer.step()
    }
    return params.map((p) => p.dataSync())
  })
  const { params } = withBackend(wasmBackend(), () => run(factories[name](options), golden.steps))
  params.forEach((p, k) => allClose(p, composed[k], { rtol: 1e-5, atol: 1e-6 }))
})

test.each(titled)('$title continues from its state', ({ name, options }) => {
  const straight = run(factories[name](options), 6)
  const half = run(factories[name](options), 3)
  const copies = half.params.map((p) => parameter(fromData(p.dataSync(), p.shape, 'f32')))
  const resumed = factories[name]({ ...options, lr: 0.5 })(copies)
  resumed.loadStateDict(half.optimizer.stateDict())
  for (let step = 3; step < 6; step++) {
    setGradients(copies, step)
    resumed.step()
  }
  copies.forEach((p, k) => expect(p.dataSync()).toEqual(straight.params[k].dataSync()))
})

test('a step runs kernels only', () => {
  const backend = wasmBackend()
  withBackend(backend, () => titled.forEach(({ name, options }) => run(factories[name](options), 1)))
  expect(backend.report()).toEqual({})
})

test('steps allocate nothing that stays', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const { params, optimizer } = run(optim.adam({ maximize: true }), 1)
    const blocks = backend.memory().blocks
    for (let step = 1; step < 5; step++) {
      scope(() => {
        optimizer.zeroGrad()
        setGradients(params, step)
        params.forEach((p) => (p.grad!.kept = true))
        optimizer.step()
      })
    }
    expect(backend.memory().blocks).toBe(blocks)
  })
})

test('parameter groups have options of their own', () => {
  const [a, b] = [parameter(tensor([1])), parameter(tensor([1]))]
  const optimizer = new optim.Sgd([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1 })
  for (const p of [a, b]) p.grad = tensor([1])
  optimizer.step()
  expect([a.item(), b.item()]).toEqual([Math.fround(0.9), 0.5])
  expect(optimizer.stateDict().param_groups).toEqual([
    { lr: 0.1, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false, params: [0] },
    { lr: 0.5, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false, params: [1] },
  ])
})

test('errors name the rule', () => {
  const w = parameter(tensor([1]))
  expect(() => new optim.Sgd([], { lr: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sgd: there is nothing to train; got no parameters. Pass model.parameters().]`,
  )
  expect(() => new optim.Sgd([w, w], { lr: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sgd: a parameter is in two groups; got f32[1], expected each parameter once.]`,
  )
  expect(() => new optim.Sgd([mul(w, 2)], { lr: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sgd: only leaves can be trained; got f32[1] from mul. Make it with parameter(), or detach() it.]`,
  )
  expect(() => new optim.Sgd([w], { lr: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sgd: lr is out of range; got -1, expected a number >= 0.]`,
  )
  expect(() => new optim.Sgd([w], { lr: 1, nesterov: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sgd: nesterov is out of range; got true, expected a momentum, and no dampening, with nesterov.]`,
  )
  expect(() => new optim.Adam([w], { betas: [0.9, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adam: betas is out of range; got 0.9,1, expected two numbers in [0, 1).]`,
  )
  expect(() => new optim.AdamW([w], { weightDecay: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adamw: weightDecay is out of range; got -1, expected a number >= 0.]`,
  )
  expect(() => new optim.RmsProp([w], { alpha: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: rmsprop: alpha is out of range; got -1, expected a number >= 0.]`,
  )
  expect(() => new optim.Adagrad([w], { lrDecay: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adagrad: lrDecay is out of range; got -1, expected a number >= 0.]`,
  )
  expect(() => new optim.Adadelta([w], { rho: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adadelta: rho is out of range; got 2, expected a number in [0, 1].]`,
  )
  expect(() => new optim.Lion([w], { betas: [1, 0] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: lion: betas is out of range; got 1,0, expected two numbers in [0, 1).]`,
  )
  const adam = new optim.Adam([w])
  expect(() => adam.loadStateDict({ state: new Map(), param_groups: [] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adam.loadStateDict: the parameter groups differ; got groups of  parameters, expected groups of 1.]`,
  )
  expect(() =>
    adam.loadStateDict({ state: new Map([[0, { exp_avg: tensor([1, 2]) }]]), param_groups: [{ params: [0] }] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: adam.loadStateDict: exp_avg does not fit its parameter; got [2], expected [1].]`,
  )
})
