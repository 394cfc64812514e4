import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { truncNormal } from '../random/distributions.ts'
import { Generator } from '../random/generator.ts'
import * as fills from '../random/init.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { permute } from '../ops/views.ts'
import * as init from './init.ts'

const shape = [4, 6]
const array = (): Float32Array<ArrayBuffer> => new Float32Array(24)
const seeded = (): { generator: Generator } => ({ generator: new Generator(3) })

test.each([
  [
    'kaimingUniform_',
    () => init.kaimingUniform_(zeros(shape), seeded()),
    () => fills.kaimingUniform(array(), shape, seeded()),
  ],
  [
    'kaimingNormal_',
    () => init.kaimingNormal_(zeros(shape), seeded()),
    () => fills.kaimingNormal(array(), shape, seeded()),
  ],
  [
    'xavierUniform_',
    () => init.xavierUniform_(zeros(shape), seeded()),
    () => fills.xavierUniform(array(), shape, seeded()),
  ],
  [
    'xavierNormal_',
    () => init.xavierNormal_(zeros(shape), seeded()),
    () => fills.xavierNormal(array(), shape, seeded()),
  ],
  ['orthogonal_', () => init.orthogonal_(zeros(shape), seeded()), () => fills.orthogonal(array(), shape, seeded())],
  [
    'sparse_',
    () => init.sparse_(zeros(shape), { sparsity: 0.5, ...seeded() }),
    () => fills.sparse(array(), shape, { sparsity: 0.5, ...seeded() }),
  ],
  ['truncNormal_', () => init.truncNormal_(zeros(shape), seeded()), () => truncNormal(array(), seeded())],
  ['uniform_', () => init.uniform_(zeros(shape), seeded()), () => fills.uniform(array(), seeded())],
  [
    'normal_',
    () => init.normal_(zeros(shape), { mean: 1, ...seeded() }),
    () => fills.normal(array(), { mean: 1, ...seeded() }),
  ],
  ['eye_', () => init.eye_(zeros(shape)), () => fills.eye(array(), shape)],
  ['ones_', () => init.ones_(zeros(shape)), () => array().fill(1)],
  ['zeros_', () => init.zeros_(init.ones_(zeros(shape))), () => array()],
])('%s writes what the array form writes', (_, make, expected) => {
  expect([...make().dataSync()]).toEqual([...expected()])
})

test('dirac_ copies channels', () => {
  expect(init.dirac_(zeros([2, 2, 3])).toArray()).toEqual([
    [
      [0, 1, 0],
      [0, 0, 0],
    ],
    [
      [0, 0, 0],
      [0, 1, 0],
    ],
  ])
})

test('a fill works on parameters, keeps the layout and counts as a change in place', () => {
  const x = permute(zeros([2, 3]), [1, 0])
  const before = x.storage.version
  init.uniform_(x, seeded())
  expect([...x.dataSync()]).toEqual([...fills.uniform(new Float32Array(6), seeded())])
  expect(x.storage.version).toBeGreaterThan(before)
  const w = zeros([2, 2]).requiresGrad_()
  expect(init.constant_(w, 3).toArray()).toEqual([
    [3, 3],
    [3, 3],
  ])
})

test('f64 tensors draw as torch does in double precision', () => {
  withBackend(referenceBackend(), () => {
    const x = init.uniform_(zeros([3], { dtype: 'f64' }), seeded())
    expect([...x.dataSync()]).toEqual([...fills.uniform(new Float64Array(3), seeded())])
  })
})

test('only tensors of fractions are filled', () => {
  expect(() => init.ones_(tensor(new Int32Array(2)))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: constant_: the op needs a floating-point tensor; got i32[2], expected f32 or f64. Use cast(x, 'f32').]`,
  )
})
