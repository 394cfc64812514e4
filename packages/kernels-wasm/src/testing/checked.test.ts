import { expect, test } from 'vitest'
import { exponential } from '../groups/exponential.ts'
import { gemm } from '../groups/gemm.ts'
import { KernelHost } from '../host.ts'
import { createArena } from './arena.ts'
import { checkedKernels } from './checked.ts'

const setUp = () => {
  const host = new KernelHost()
  const arena = createArena(host.memory)
  return { host, arena, allowed: () => arena.allowed() }
}

test('a step past an input, of reads alone, is refused with its place', () => {
  const { host, arena, allowed } = setUp()
  const { f32_gemm } = checkedKernels(gemm, host.memory, allowed)
  const [a, b, c, scratch] = [arena.input(12), arena.input(12), arena.output(9), arena.scratch(1 << 16)]
  const product = (K: number): void => f32_gemm(a.p, 4, 1, b.p, 3, 1, c.p, 3, 3, 3, K, 0, 0, scratch)
  product(4)
  expect(() => product(5)).toThrow(/^touches \d+ bytes at \d+, which belong to no operand$/)
})

test('a store past an output is refused before it is done', () => {
  const { host, arena, allowed } = setUp()
  const { f32_exp } = checkedKernels(exponential, host.memory, allowed)
  const [x, y] = [arena.input(8), arena.output(7)]
  expect(() => f32_exp(x.p, y.p, 8)).toThrow(RangeError)
  expect(arena.faults()).toEqual([])
})

test('within bounds the bits are those of the plain binary', () => {
  const { host, arena, allowed } = setUp()
  const [x, plain, checked] = [arena.input(1003), arena.output(1003), arena.output(1003)]
  host.use(exponential).f32_exp(x.p, plain.p, 1003)
  checkedKernels(exponential, host.memory, allowed).f32_exp(x.p, checked.p, 1003)
  expect(arena.read(checked)).toEqual(arena.read(plain))
})
