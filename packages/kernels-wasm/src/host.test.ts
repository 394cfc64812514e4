import { expect, test } from 'vitest'
import { conv, convPass, writeConvParams } from './groups/conv.ts'
import { gemm } from './groups/gemm.ts'
import { createDecoder, KernelError, KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
import { createArena } from './testing/arena.ts'

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
  } catch (error) {
    if (error instanceof KernelError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no error'
}

test('a new host runs the base tier, compiles a group once, and keeps its exports', () => {
  const host = new KernelHost()
  expect(host.tier).toBe('base')
  expect(host.memory.buffer.byteLength).toBe(16 * 65536)
  expect(host.use(gemm)).toBe(host.use(gemm))
})

test('load picks the best tier that the engine has, and deterministic stays on base', async () => {
  const best = supportsRelaxedSimd() ? 'relaxed' : 'base'
  expect(await loadKernels(new KernelHost())).toBe(best)
  expect(await loadKernels(new KernelHost(), { tier: 'base' })).toBe('base')
  expect(await loadKernels(new KernelHost(), { tier: 'relaxed', deterministic: true })).toBe('base')
})

test('tier relaxed without relaxed SIMD is a named error', async () => {
  const code = await codeOf(() => loadKernels(new KernelHost(), { tier: 'relaxed' }))
  expect(code).toBe(
    supportsRelaxedSimd()
      ? 'no error'
      : "KERNEL_NO_RELAXED_SIMD: loadKernels: this engine has no relaxed SIMD. Use tier 'best' or 'base'.",
  )
})

test('load after the first use is a named error', async () => {
  const host = new KernelHost()
  host.use(gemm)
  expect(await codeOf(() => loadKernels(host))).toMatchInlineSnapshot(
    `"KERNEL_LOADED_LATE: loadKernels: kernels are in use already. Call it before the first tensor."`,
  )
})

test('a use that comes while load is under way makes load fail, not mix tiers', async () => {
  const host = new KernelHost()
  const loading = codeOf(() => loadKernels(host))
  host.use(gemm)
  expect(await loading).toContain(supportsRelaxedSimd() ? 'KERNEL_LOADED_LATE' : 'no error')
})

test('a binary that does not compile is a named error, and the host stays usable', async () => {
  const host = new KernelHost()
  expect(await codeOf(() => host.use({ name: 'broken', base: 'AAAA' }))).toMatch(
    /^KERNEL_BAD_MODULE: .*base binary of group broken/,
  )
  expect(await codeOf(() => host.use({ name: 'broken', base: '?' }))).toMatch(/^KERNEL_BAD_MODULE/)
  expect(host.use(gemm).gemm_scratch_bytes(8, 8, 8)).toBeGreaterThan(0)
})

test('modules that the caller compiled are used in place of the inlined ones', async () => {
  const host = new KernelHost()
  await loadKernels(host, {
    tier: 'base',
    module: { gemm: new WebAssembly.Module(createDecoder()(gemm.base as string)) },
  })
  expect(host.use({ name: 'gemm', base: 'never decoded' })).toHaveProperty('f32_gemm')
})

test('memory grows until its maximum and no further', () => {
  const host = new KernelHost({ initialPages: 1, maximumPages: 3 })
  expect(host.grow(2)).toBe(true)
  expect(host.grow(1)).toBe(false)
  expect(host.memory.buffer.byteLength).toBe(3 * 65536)
})

test('binaries ask for a page of memory', async () => {
  const host = new KernelHost({ initialPages: 0 })
  expect(await codeOf(() => host.use(gemm))).toMatch(/^KERNEL_BAD_MODULE/)
  host.grow(1)
  expect(host.use(gemm).gemm_scratch_bytes(8, 8, 8)).toBeGreaterThan(0)
})

test('memory that the engine refuses is a named error', async () => {
  expect(await codeOf(() => new KernelHost({ initialPages: 4, maximumPages: 3 }))).toMatchInlineSnapshot(
    `"KERNEL_NO_MEMORY: KernelHost: the engine gives no such memory; got 4 pages now, 3 at most. Lower maximumPages."`,
  )
})

test('products and convolutions have the same bits below, across and above 2 GiB', () => {
  const host = new KernelHost()
  if (!host.grow(33_500)) throw new Error('this machine gives no 2 GiB of memory')
  const matrix = host.use(gemm)
  const kernels = host.use(conv)
  const run = (from: number): Float32Array[] => {
    const arena = createArena(host.memory, from)
    const [a, b, bias] = [arena.input(70 * 600), arena.input(600 * 33), arena.input(33)]
    const outputs = [arena.output(70 * 33), arena.output(70 * 33)]
    const scratch = arena.scratch(matrix.gemm_scratch_bytes(70, 33, 600))
    matrix.f32_gemm(a.p, 600, 1, b.p, 33, 1, outputs[0]!.p, 33, 70, 33, 600, 2, bias.p, scratch)
    matrix.f32_gemm(a.p, 1, 70, b.p, 1, 600, outputs[1]!.p, 33, 70, 33, 600, 1, 0, scratch)
    for (const [C, OC, groups, stride] of [
      [2, 9, 1, 1],
      [12, 9, 1, 2],
      [40, 16, 1, 1],
      [12, 12, 12, 1],
      [4, 8, 4, 2],
    ] as const) {
      const params = arena.output(22)
      const out = stride === 1 ? 9 : 5
      writeConvParams(host.memory, params.p, {
        N: 2,
        C,
        OC,
        groups,
        input: [1, 9, 9],
        output: [1, out, out],
        kernel: [1, 3, 3],
        stride: [1, stride, stride],
        padding: [0, 1, 1],
        dilation: [1, 1, 1],
      })
      const [nX, nY, nW] = [2 * 81 * C, 2 * out * out * OC, (OC * C * 9) / groups]
      const [x, y, w] = [arena.input(nX), arena.input(nY), arena.input(nW)]
      const results = [arena.output(nY), arena.output(nX), arena.output(nW), arena.output(OC)]
      const space = Math.max(...Object.values(convPass).map((pass) => kernels.conv_scratch_bytes(params.p, pass)))
      const pScratch = arena.scratch(space)
      kernels.f32_conv(x.p, w.p, 0, results[0]!.p, params.p, 0, pScratch)
      kernels.f32_conv_input_grad(y.p, w.p, 0, results[1]!.p, params.p, 0, pScratch)
      kernels.f32_conv_weight_grad(x.p, y.p, results[2]!.p, results[3]!.p, params.p, 0, pScratch)
      outputs.push(...results)
    }
    expect(arena.faults()).toEqual([])
    return outputs.map(arena.read)
  }
  const low = run(1024)
  expect(low.every((values) => values.some((value) => value !== 0))).toBe(true)
  expect(run(2 ** 31 - 200_000)).toEqual(low)
  expect(run(2 ** 31 + 4096)).toEqual(low)
})
