import { expect, test } from 'vitest'
import { manualSeed } from '../random/default.ts'
import { ones, tensor } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ReLU } from './activations.ts'
import { ModuleDict, ModuleList, Sequential } from './containers.ts'
import { Linear } from './linear.ts'
import { Module } from './module.ts'

test('a sequence runs its layers in order and names them by position', () => {
  manualSeed(0)
  const model = new Sequential(new Linear(2, 3), new ReLU(), new Sequential(new Linear(3, 1)))
  expect([...model.stateDict().keys()]).toEqual(['0.weight', '0.bias', '2.0.weight', '2.0.bias'])
  expect(model.forward(ones([4, 2])).shape).toEqual([4, 1])
  expect(model.length).toBe(3)
  expect(model.at(-1)).toBe([...model][2])
  expect(new Sequential().forward(tensor([1])).toArray()).toEqual([1])
})

test('names of one’s own', () => {
  const model = Sequential.named({ conv: new Linear(2, 2), act: new ReLU() })
  expect([...model.namedModules().keys()]).toEqual(['', 'conv', 'act'])
})

test('more than ten children keep their order', () => {
  const list = new ModuleList(Array.from({ length: 12 }, () => new Linear(1, 1)))
  expect([...list.namedParameters().keys()][22]).toBe('11.weight')
  expect([...list]).toHaveLength(12)
})

test('lists and dictionaries are part of the state of their owner', () => {
  class Net extends Module {
    readonly blocks = new ModuleList([new Linear(2, 2), new Linear(2, 2)])
    readonly heads = new ModuleDict({ a: new Linear(2, 1) })
    forward(x: Tensor): Tensor {
      let y = x
      for (const block of this.blocks) y = block.forward(y)
      return this.heads.get('a').forward(y)
    }
  }
  const net = new Net()
  expect([...net.stateDict().keys()]).toEqual([
    'blocks.0.weight',
    'blocks.0.bias',
    'blocks.1.weight',
    'blocks.1.bias',
    'heads.a.weight',
    'heads.a.bias',
  ])
  expect(net.forward(ones([3, 2])).shape).toEqual([3, 1])
  expect(net.heads.set('b', new Linear(2, 5)).size).toBe(2)
  expect([...net.heads].map(([name]) => name)).toEqual(['a', 'b'])
})

test('train and eval reach every child', () => {
  const model = new Sequential(new Sequential(new ReLU()))
  model.eval()
  expect([...model.namedModules().values()].every((m) => !m.training)).toBe(true)
})

test('an error inside carries the path to the layer', () => {
  const model = new Sequential(new ReLU(), new Sequential(new Linear(2, 3)))
  expect(() => model.forward(ones([4, 5]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: 1.0: linear: the sizes do not match; got [4,5], [3,2], [3], expected x [..., in], weight [out, in], bias [out].]`,
  )
})

test('what cannot be done is refused', () => {
  expect(() => new ModuleList([]).forward()).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ModuleList: it has no forward of its own; expected calls of its modules. Loop over it in the forward of the module that holds it.]`,
  )
  expect(() => new ModuleDict({}).get('x')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ModuleDict: there is no such module; got 'x', expected one of .]`,
  )
  expect(() => new ModuleDict({ train: new ReLU() })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ModuleDict: the name cannot be a child’s; got 'train', expected a new name without a dot that is no method of Module.]`,
  )
  expect(() => new Sequential(new ReLU()).at(1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Sequential: there is no such child; got 1, expected an integer in [-1, 1).]`,
  )
})
