import { describe, expect, test } from 'vitest'
import { blocksOf } from './blocks.mjs'
import { check, throws } from './check.mjs'
import { compileBlock, parseClaim } from './compile.mjs'

describe('blocksOf', () => {
  test('finds ts fences of Markdown with their line and their reason not to run', () => {
    const text = 'a\n```ts\n1 + 1 // => 2\n```\n```sh\nls\n```\n```ts no-run needs a browser\nx\n```\n'
    expect(blocksOf(text, 'a.md')).toEqual([
      { code: '1 + 1 // => 2\n', line: 2, skip: undefined },
      { code: 'x\n', line: 8, skip: 'needs a browser' },
    ])
  })
  test('finds @example tags of TSDoc, plain and fenced', () => {
    const text =
      '/**\n * Doc.\n * @example one(1)\n *   .two() // => 2\n * @returns x\n */\n/** @example\n * ```ts\n * three()\n * ```\n */\n'
    expect(blocksOf(text, 'a.ts')).toEqual([
      { code: 'one(1)\n  .two() // => 2', line: 3, skip: undefined },
      { code: 'three()\n', line: 8, skip: undefined },
    ])
  })
  test('finds a tag in the middle of a line', () => {
    expect(blocksOf('/** -x. @example neg(1) // => -1 */\n', 'a.ts')).toEqual([
      { code: 'neg(1) // => -1', line: 1, skip: undefined },
    ])
  })
  test('refuses no-run without a reason', () => {
    expect(() => blocksOf('```ts no-run\nx\n```\n', 'a.md')).toThrow('line 1')
  })
})

describe('compileBlock', () => {
  test('makes imports dynamic and comments assertions', () => {
    const body = compileBlock(
      "import { a, b as c } from 'x'\nimport type { T } from 'y'\nconst d = a() // => [1, 2]\nconsole.log(c) // => 'c'\nd\n// => [1,\n//  2]\n",
    )
    expect(body.split('\n')).toEqual([
      "const { a, b: c } = await import('x')",
      '',
      'const d = a()',
      '__check(await (d), { list: [{ number: 1, digits: "1" }, { number: 2, digits: "2" }] }, "[1, 2]")',
      `__check(await (c), { is: "c" }, "'c'")`,
      '__check(await (d), { list: [{ number: 1, digits: "1" }, { number: 2, digits: "2" }] }, "[1,  2]")',
    ])
  })
  test('imports the implicit names that a block uses and does not declare', () => {
    expect(compileBlock('const a = x.b + c', { a: 'm', b: 'm', c: 'm' })).toBe(
      'const { c } = await import("m")\nconst a = x.b + c',
    )
  })
  test('refuses a claim after something without a value', () => {
    expect(() => compileBlock('for (;;) {} // => 1')).toThrow('must follow an expression')
  })
})

describe('check', () => {
  const holds = (value: unknown, claim: string): boolean => {
    try {
      check(value, parseClaim(claim), claim)
      return true
    } catch {
      return false
    }
  }
  test.each([
    [0.33333334, '0.333', true],
    [0.3339, '0.333', false],
    [2, '2', true],
    [2.1, '2', false],
    [-Infinity, '-Infinity', true],
    [NaN, 'NaN', true],
    [1, 'NaN', false],
    ['a', "'a'", true],
    [true, 'false', false],
    [new Float32Array([0.1, 0.2]), '[0.1, 0.2]', true],
    [[1, 2, 3], '[1, 2]', false],
    [{ toArray: () => [[1]] }, '[[1]]', true],
    [{ a: 1, b: 'x' }, "{ a: 1, b: 'x' }", true],
    [{ a: 1, b: 'x' }, '{ a: 1 }', false],
    [{ toString: () => 'Tensor [2, 3] f32' }, 'Tensor [2, 3] f32', true],
    [1.5e-7, '1.5e-7', true],
    [10n, '10n', true],
  ])('%o against %s', (value, claim, expected) => expect(holds(value, claim)).toBe(expected))

  test('throws wants the class and the start of the message', async () => {
    const block = async (): Promise<never> => {
      throw new TypeError('add: no')
    }
    await throws(block, 'TypeError: add…')
    await expect(throws(block, 'RangeError')).rejects.toThrow()
    await expect(throws(async () => undefined, 'TypeError')).rejects.toThrow('the comment says')
  })

  test('text that is no literal stays text', () =>
    expect(parseClaim('Tensor [2, 3]')).toEqual({ text: 'Tensor [2, 3]' }))
})
