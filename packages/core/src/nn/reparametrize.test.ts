import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { grad } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { sum } from '../ops/reduce.ts'
import { square } from '../ops/unary.ts'
import { scope } from '../tensor/scope.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import { uniformTensors } from '../testing/golden.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import { ReLU } from './activations.ts'
import { Conv2d, ConvTranspose2d } from './conv.ts'
import { Linear } from './linear.ts'
import type { AnyModule } from './module.ts'
import { spectralNorm, weightNorm } from './reparametrize.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/reparametrize.json', import.meta.url), 'utf8'))

const layers: Record<string, new (...args: never[]) => AnyModule> = { Linear, Conv2d, ConvTranspose2d }

const build = (name: string, args: readonly never[]): AnyModule => {
  const [how, layer] = name.split(' ')
  const sizes = args.filter((a) => typeof a === 'number')
  const [options = {}] = args.filter((a) => typeof a === 'object')
  const module = new layers[layer](...sizes)
  if (how === 'weightNorm') weightNorm(module, options)
  else spectralNorm(module, options)
  return module
}

// u and v are normal draws, to 1.2e-7; the power method and a sum of 18 products in f32.
const tolerance = { atol: 5e-6, rtol: 5e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, output and gradients on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.layer} ${JSON.stringify(c.args)}`, c] as const))('%s', (_, c) => {
    expect(withBackend(backend(), () => checkLayer(c, { build: (args) => build(c.layer, args), tolerance }))).toBe(true)
  })
})

test('undoing keeps the function', () => {
  const x = uniformTensors(1)([2, 3])
  for (const split of [weightNorm, spectralNorm]) {
    const layer = new Linear(3, 4)
    const undo = split(layer)
    const y = layer.eval().forward(x)
    undo()
    expect([...layer.stateDict().keys()]).toEqual(['bias', 'weight'])
    expect(allClose(layer.forward(x), y.dataSync(), { atol: 1e-6 })).toBe(true)
    expect(layer.weight.requiresGrad).toBe(true)
  }
})

test('evaluation leaves u and v alone', () => {
  const layer = new Linear(3, 4)
  spectralNorm(layer)
  const before = layer.stateDict().get('weight_u')!.toArray()
  layer.eval().forward(uniformTensors(1)([2, 3]))
  expect(layer.stateDict().get('weight_u')!.toArray()).toEqual(before)
})

test('second derivatives pass through', () => {
  const layer = new Linear(3, 1)
  spectralNorm(layer)
  const x = uniformTensors(1)([2, 3]).requiresGrad_()
  const [dx] = grad([sum(square(layer.forward(x)))], [x], { createGraph: true })
  sum(square(dx)).backward()
  expect(layer.stateDict().get('weight_orig')!.grad!.shape).toEqual([1, 3])
})

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const layer = new Linear(3, 4)
    spectralNorm(layer)
    const x = uniformTensors(1)([2, 3])
    const step = (): void => {
      scope(() => sum(square(layer.forward(x))).backward())
      layer.zeroGrad()
    }
    step()
    expectNoLeaks(backend, step)
  })
})

test('what cannot be split is refused', () => {
  expect(() => weightNorm(new ReLU())).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: weightNorm: the module has no such tensor; got 'weight' of ReLU, expected one of .]`,
  )
  expect(() => spectralNorm(new Linear(2, 2), { name: 'w' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: spectralNorm: the module has no such tensor; got 'w' of Linear, expected one of weight, bias.]`,
  )
  expect(() => spectralNorm(new Linear(2, 2), { iterations: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: spectralNorm: iterations does not fit; got 0, expected an integer >= 1.]`,
  )
})
