import { expect, test } from 'vitest'
import { add, mul } from '../../ops/binary.ts'
import { copyInto } from '../../ops/in-place.ts'
import { matmul } from '../../ops/matmul.ts'
import { relu } from '../../ops/activations.ts'
import { square } from '../../ops/unary.ts'
import { permute, slice, transpose } from '../../ops/views.ts'
import { sum } from '../../ops/reduce.ts'
import { parameter, zeroGrad } from '../../nn/module.ts'
import { noGrad } from '../../autograd/modes.ts'
import { scope } from '../../tensor/scope.ts'
import { tensor, zeros } from '../../tensor/create.ts'
import { referenceBackend } from '../reference/reference.ts'
import { withBackend } from '../default.ts'
import { BackendError } from '../../errors.ts'
import { wasmBackend, type WasmBackend } from './wasm.ts'

const on = <T>(backend: WasmBackend, fn: () => T): T => withBackend(backend, fn)

test('views are read in logical order without a copy of the storage', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  const t = transpose(x)
  expect(t.storage).toBe(x.storage)
  expect(t.toArray()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ])
  expect(slice(t, 0, -1, undefined, -2).toArray()).toEqual([
    [3, 6],
    [1, 4],
  ])
})

test('elementwise results keep the layout of their first dense operand', () => {
  const x = permute(
    tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      { shape: [2, 3, 4] },
    ),
    [0, 2, 1],
  )
  expect(relu(x).strides).toEqual(x.strides)
  expect(add(x, tensor([[1], [2], [3], [4]])).strides).toEqual(x.strides)
  expect(add(x, x).toArray()).toEqual(mul(x, 2).toArray())
})

test('every layout gives what the reference gives', () => {
  const data = Float32Array.from({ length: 120 }, (_, i) => ((i * 37) % 41) - 20)
  const results = [wasmBackend(), referenceBackend()].map((backend) =>
    withBackend(backend, () => {
      const x = tensor(data, { shape: [2, 3, 4, 5] })
      const y = permute(x, [0, 2, 3, 1])
      const cases = [
        add(y, tensor([1, 2, 3])),
        mul(y, slice(y, 1, 0, 1)),
        sum(y, [1, 2]),
        sum(y, 3),
        sum(y, [0, 3]),
        sum(slice(y, 2, 0, 5, 2), 2),
        matmul(y, permute(y, [0, 1, 3, 2])),
      ]
      return cases.map((t) => [...t.dataSync()])
    }),
  )
  expect(results[0]).toEqual(results[1])
})

test('a block that was moved out comes back with its contents', () => {
  const backend = wasmBackend({ budgetMb: 1 })
  on(backend, () => {
    const first = tensor(new Float32Array(100_000).fill(3))
    const kept = Array.from({ length: 20 }, (_, i) => tensor(new Float32Array(100_000).fill(i)))
    expect(backend.memory().evicted).toBeGreaterThan(0)
    expect(sum(first).item()).toBe(300_000)
    kept.forEach((x, i) => expect(x.dataSync()[99_999]).toBe(i))
    kept.forEach((x, i) => expect(add(x, 1).dataSync()[0]).toBe(i + 1))
  })
})

test('a loop that never releases anything stays within its budget', () => {
  const backend = wasmBackend({ budgetMb: 8 })
  on(backend, () => {
    const x = tensor(new Float32Array(100_000).fill(1))
    for (let i = 0; i < 500; i++) add(x, i)
    expect(backend.memory().reserved).toBeLessThan(24 * 2 ** 20)
  })
})

test('a careless training loop reserves nothing after its second step', () => {
  const backend = wasmBackend()
  on(backend, () => {
    const w = parameter(tensor(new Float32Array(256 * 256).fill(0.01), { shape: [256, 256] }))
    const x = tensor(new Float32Array(64 * 256).fill(0.5), { shape: [64, 256] })
    const reserved: number[] = []
    for (let step = 0; step < 30; step++) {
      const y = relu(matmul(x, w))
      const loss = sum(square(y))
      zeroGrad([w])
      loss.backward()
      noGrad(() => copyInto(w, add(w, mul(w.grad!, -1e-6))))
      backend.step([w, w.grad!])
      reserved.push(backend.memory().reserved)
    }
    expect(reserved.at(-1)).toBe(reserved[1])
  })
})

test('batches made outside of the scope around a step are moved out by the next', () => {
  const backend = wasmBackend()
  on(backend, () => {
    const w = tensor([2])
    const live: number[] = []
    for (let step = 0; step < 10; step++) {
      const x = tensor(new Float32Array(100_000))
      scope(() => {
        add(x, w)
        backend.step([w])
      })
      live.push(backend.memory().live)
    }
    expect(live.at(-1)).toBe(live[1])
  })
})

test('scopes leave nothing behind', () => {
  const backend = wasmBackend()
  on(backend, () => {
    const x = tensor([1, 2, 3])
    const before = backend.memory().blocks
    for (let i = 0; i < 10; i++) scope(() => void mul(add(x, 1), 2))
    expect(backend.memory().blocks).toBe(before)
  })
})

test('out of memory says what was asked, and leaves the tensors as they were', () => {
  const backend = wasmBackend({ maximumMb: 8 })
  on(backend, () => {
    const x = tensor(new Float32Array(1000).fill(7))
    expect(() => zeros([4_000_000])).toThrowError(BackendError)
    expect(() => zeros([4_000_000])).toThrowErrorMatchingInlineSnapshot(
      `[BackendError: wasm memory: out of memory; got a request of 16000000 bytes with 0 in use by 1 blocks, expected at most 1048576 bytes reserved so far, and no growth possible. Use a smaller batch, or scope() around parts whose results are not needed.]`,
    )
    expect(x.dataSync()[999]).toBe(7)
    expect(add(x, 1).dataSync()[0]).toBe(8)
  })
})

test('tensors above 2 GiB are addressed as unsigned', { timeout: 60_000 }, () => {
  const backend = wasmBackend({ budgetMb: 4096 })
  on(backend, () => {
    const filler = Array.from({ length: 5 }, () => backend.create('u8', 460 * 2 ** 20))
    const x = tensor(
      Float32Array.from({ length: 1000 }, (_, i) => i),
      { shape: [10, 100] },
    )
    expect(backend.memory().reserved).toBeGreaterThan(2 ** 31)
    expect(add(x, transpose(tensor(new Float32Array(1000).fill(1), { shape: [100, 10] }))).dataSync()[999]).toBe(1000)
    expect(sum(x).item()).toBe(499_500)
    expect(filler).toHaveLength(5)
  })
})
