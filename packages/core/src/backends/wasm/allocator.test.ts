import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Allocator, blockBytes } from './allocator.ts'

const endless = (): boolean => true

test('blocks are aligned, hold what was asked, and waste little', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 26 }), (bytes) => {
      const size = blockBytes(bytes)
      expect(size % 64).toBe(0)
      expect(size).toBeGreaterThanOrEqual(bytes)
      expect(size).toBeLessThan(Math.max(128, bytes * 1.26 + 4096))
    }),
  )
})

test('live blocks never overlap, whatever the order of calls', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.nat(), fc.boolean()), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (calls) => {
      const allocator = new Allocator(1000, endless)
      const live: { at: number; bytes: number }[] = []
      for (const [bytes, pick, free] of calls) {
        if (free && live.length > 0) {
          const [block] = live.splice(pick % live.length, 1)
          allocator.release(block.at, block.bytes)
        } else {
          const at = allocator.allocate(bytes)
          for (const other of live)
            expect(at + blockBytes(bytes) <= other.at || other.at + blockBytes(other.bytes) <= at).toBe(true)
          expect(at).toBeGreaterThanOrEqual(1000)
          live.push({ at, bytes })
        }
      }
    }),
  )
})

test('a repeated pattern of calls needs no growth after the first round', () => {
  let end = 0
  const allocator = new Allocator(0, (to) => ((end = Math.max(end, to)), true))
  const sizes = [100, 1_000_000, 5_000_000, 64, 70_000, 3_000_000, 12_345_678]
  const round = (): void => {
    const blocks = sizes.map((bytes) => ({ at: allocator.allocate(bytes), bytes }))
    for (const { at, bytes } of blocks.toReversed()) allocator.release(at, bytes)
  }
  round()
  const after = end
  for (let i = 0; i < 50; i++) round()
  expect(end).toBe(after)
})

test('freed neighbours merge into room for a larger block', () => {
  let end = 0
  const allocator = new Allocator(0, (to) => ((end = to), true))
  const a = allocator.allocate(2 ** 20)
  const b = allocator.allocate(2 ** 20)
  const c = allocator.allocate(2 ** 20)
  allocator.allocate(2 ** 20)
  allocator.release(a, 2 ** 20)
  allocator.release(c, 2 ** 20)
  allocator.release(b, 2 ** 20)
  const before = end
  expect(allocator.allocate(3 * 2 ** 20)).toBe(a)
  expect(end).toBe(before)
})

test('a memory that cannot grow gives -1', () => {
  const allocator = new Allocator(0, () => false)
  expect(allocator.allocate(10)).toBe(-1)
  expect(allocator.allocate(10_000_000)).toBe(-1)
})
