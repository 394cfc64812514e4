import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hoist } from '../hoist.mjs'

const at = new URL('../dist/wasm/', import.meta.url)
const binaries = readdirSync(at).filter((name) => name.endsWith('.wasm'))

/** A module of one function of i32 -> v128 with this body. */
const moduleOf = (body: readonly number[]): Uint8Array => {
  const code = [0, ...body, 0x0b]
  const types = [1, 0x60, 1, 0x7f, 1, 0x7b]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, types.length, ...types],
    ...[3, 2, 1, 0],
    ...[10, code.length + 2, 1, code.length, ...code],
  ])
}

const constant = (byte: number): number[] => [0xfd, 12, ...new Array<number>(16).fill(byte)]

/** How often a constant's bytes stand in a module. */
const count = (binary: Uint8Array, byte: number): number =>
  Array.from(binary).filter((_, i) => constant(byte).every((b, j) => binary[i + j] === b)).length

describe('constants', () => {
  const loop = (body: readonly number[]): number[] => [0x03, 0x7b, ...body, 0x0b]
  const add = [0xfd, 0xe4, 0x01]

  test('in a loop are set once, before it, and read in their places', () => {
    const before = moduleOf(loop([...constant(7), ...constant(7), ...add]))
    const after = hoist(before)
    expect([count(before, 7), count(after, 7)]).toEqual([2, 1])
    expect(WebAssembly.validate(after)).toBe(true)
    expect(after.indexOf(0x03, 30)).toBeGreaterThan(after.indexOf(7))
  })

  test('outside of loops, zeros and all ones stay', () => {
    for (const body of [constant(7), loop(constant(0)), loop(constant(255))])
      expect([...hoist(moduleOf(body))]).toEqual([...moduleOf(body)])
  })

  test('an instruction that is not known is refused', () => {
    expect(() => hoist(moduleOf([0xfb]))).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: hoist: unknown instruction fb]`,
    )
  })
})

test.each(binaries)('%s has no constant left in a loop', (name) => {
  const bytes = new Uint8Array(readFileSync(new URL(name, at)))
  expect(Buffer.from(hoist(bytes)).equals(Buffer.from(bytes))).toBe(true)
})
