import { beforeAll, describe, expect, test, vi } from 'vitest'
import { conv, CONV_PARAMS_BYTES, convFlags, convPass, writeConvParams } from './groups/conv.ts'
import type { ConvKernels, ConvShape } from './groups/conv.ts'
import { KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
import { createArena } from './testing/arena.ts'
import type { Arena } from './testing/arena.ts'
import { checkedKernels } from './testing/checked.ts'

type Triple = readonly [number, number, number]

const outputOf = (
  input: Triple,
  kernel: Triple,
  stride: Triple,
  padding: Triple,
  dilation: Triple,
  after: Triple,
): Triple => {
  const [d, h, w] = [0, 1, 2].map((i) =>
    Math.max(
      0,
      Math.floor((input[i]! + padding[i]! + after[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1,
    ),
  )
  return [d!, h!, w!]
}

interface Options {
  readonly groups?: number
  readonly stride?: number | Triple
  readonly padding?: number | Triple
  readonly dilation?: number | Triple
  /** Padding after the last element, when it is not the padding before the first. */
  readonly after?: Triple
}
const triple = (value: number | Triple, axes: number, rest: number): Triple =>
  typeof value === 'number' ? [axes > 2 ? value : rest, axes > 1 ? value : rest, value] : value

/** A shape from what one would write in PyTorch: spatial extents and kernel of 1 to 3 axes. */
const shapeOf = (
  N: number,
  C: number,
  OC: number,
  spatial: readonly number[],
  kernel: readonly number[],
  options: Options = {},
): ConvShape => {
  const axes = spatial.length
  const full = (values: readonly number[]): Triple => [
    values[axes - 3] ?? 1,
    values[axes - 2] ?? 1,
    values[axes - 1] ?? 1,
  ]
  const stride = triple(options.stride ?? 1, axes, 1)
  const padding = triple(options.padding ?? 0, axes, 0)
  const dilation = triple(options.dilation ?? 1, axes, 1)
  const [input, k] = [full(spatial), full(kernel)]
  return {
    N,
    C,
    OC,
    groups: options.groups ?? 1,
    input,
    kernel: k,
    stride,
    padding,
    dilation,
    output: outputOf(input, k, stride, padding, dilation, options.after ?? padding),
  }
}

/** Values in (-1, 1) that depend on their position alone; none is 0. */
const mixed = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => (((i * 7919) % 1009) - 504.5) / 505)

const size = ([d, h, w]: Triple): number => d * h * w

/** Calls `visit` with the flat positions in x, w and y of every product of the convolution. */
const eachProduct = (s: ConvShape, visit: (x: number, w: number, y: number) => void): void => {
  const c = s.C / s.groups
  const o = s.OC / s.groups
  for (let n = 0; n < s.N; n++)
    for (let od = 0; od < s.output[0]; od++)
      for (let oh = 0; oh < s.output[1]; oh++)
        for (let ow = 0; ow < s.output[2]; ow++)
          for (let kd = 0; kd < s.kernel[0]; kd++)
            for (let kh = 0; kh < s.kernel[1]; kh++)
              for (let kw = 0; kw < s.kernel[2]; kw++) {
                const d = od * s.stride[0] + kd * s.dilation[0] - s.padding[0]
                const h = oh * s.stride[1] + kh * s.dilation[1] - s.padding[1]
                const w = ow * s.stride[2] + kw * s.dilation[2] - s.padding[2]
                if (d < 0 || h < 0 || w < 0 || d >= s.input[0] || h >= s.input[1] || w >= s.input[2]) continue
                const x = (((n * s.input[0] + d) * s.input[1] + h) * s.input[2] + w) * s.C
                const y = (((n * s.output[0] + od) * s.output[1] + oh) * s.output[2] + ow) * s.OC
                const tap = (kd * s.kernel[1] + kh) * s.kernel[2] + kw
                for (let oc = 0; oc < s.OC; oc++)
                  for (let ic = 0; ic < c; ic++)
                    visit(x + Math.floor(oc / o) * c + ic, (oc * c + ic) * size(s.kernel) + tap, y + oc)
              }
}

interface Sums {
  readonly value: Float64Array
  /** Sum of absolute terms, and their number: what rounding errors are measured against. */
  readonly scale: Float64Array
  readonly terms: Float64Array
}
const sums = (n: number): Sums => ({
  value: new Float64Array(n),
  scale: new Float64Array(n),
  terms: new Float64Array(n),
})
const add = (s: Sums, at: number, term: number): void => {
  s.value[at]! += term
  s.scale[at]! += Math.abs(term)
  s.terms[at]!++
}

/** A term rounds once and passes through at most `terms` + 2 additions: |error| <= (terms + 3) u sum |terms|, u = 2^-24. */
const compare = (what: string, got: Float32Array, { value, scale, terms }: Sums, flags: number): void => {
  const [least, most] = [flags & convFlags.relu ? 0 : -Infinity, flags & 64 ? 6 : Infinity]
  for (let i = 0; i < got.length; i++) {
    const expected = Math.min(Math.max(least, value[i]!), most)
    if (!(Math.abs(got[i]! - expected) <= (terms[i]! + 3) * 2 ** -24 * scale[i]!))
      expect.fail(`${what} at ${i}: got ${got[i]}, expected ${expected}`)
  }
}

vi.setConfig({ testTimeout: 60_000 })

/** The tiers, and the base binary with bounds assertions. */
const builds = ['base', ...(supportsRelaxedSimd() ? (['relaxed'] as const) : []), 'checked'] as const

describe.each(builds)('conv, %s build', (build) => {
  let kernels: ConvKernels
  let arena: Arena
  let memory: WebAssembly.Memory
  beforeAll(async () => {
    const host = new KernelHost({ initialPages: 400 })
    await loadKernels(host, { tier: build === 'relaxed' ? build : 'base' })
    kernels = build === 'checked' ? checkedKernels(conv, host.memory, () => arena.allowed()) : host.use(conv)
    memory = host.memory
    arena = createArena(memory)
  })

  let turn = 0
  /** The input that ends where the memory ends, and whether that it is not read past is all that is asked. */
  let edge = 0
  let trapsOnly = false
  const start = (s: ConvShape, offset: number): number => {
    arena.reset(offset, edge)
    const params = arena.output(CONV_PARAMS_BYTES / 4)
    writeConvParams(memory, params.p, s)
    return params.p
  }
  const sizes = (s: ConvShape): { x: number; w: number; y: number } => ({
    x: s.N * size(s.input) * s.C,
    w: (s.OC * s.C * size(s.kernel)) / s.groups,
    y: s.N * size(s.output) * s.OC,
  })
  const settled = (what: string, s: ConvShape): string => {
    const text = `${what} ${JSON.stringify(s)}`
    expect(arena.faults(), text).toEqual([])
    return text
  }

  const checkForward = (s: ConvShape, flags = 0, biased = true, offset = 0): void => {
    const n = sizes(s)
    const pParams = start(s, offset)
    const [x, w, bias, y] = [arena.input(n.x), arena.input(n.w), arena.input(s.OC), arena.output(n.y)]
    let pW = w.p
    if (flags & convFlags.packed) {
      pW = arena.scratch(kernels.conv_packed_bytes(pParams, convPass.forward))
      kernels.f32_conv_pack(w.p, pW, pParams, convPass.forward)
    }
    const scratch = arena.scratch(kernels.conv_scratch_bytes(pParams, convPass.forward))
    kernels.f32_conv(x.p, pW, biased ? bias.p : 0, y.p, pParams, flags, scratch)
    const text = settled('forward', s)
    if (trapsOnly) return
    const expected = sums(n.y)
    for (let i = 0; i < n.y; i++) {
      if (flags & convFlags.accumulate) add(expected, i, y.values[i]!)
      if (biased) add(expected, i, bias.values[i % s.OC]!)
    }
    eachProduct(s, (ix, iw, iy) => add(expected, iy, x.values[ix]! * w.values[iw]!))
    compare(text, arena.read(y), expected, flags)
  }

  const checkInputGrad = (s: ConvShape, flags = 0, biased = false, offset = 0): void => {
    const n = sizes(s)
    const pParams = start(s, offset)
    const [dy, w, bias, dx] = [arena.input(n.y), arena.input(n.w), arena.input(s.C), arena.output(n.x)]
    let pW = w.p
    if (flags & convFlags.packed) {
      pW = arena.scratch(kernels.conv_packed_bytes(pParams, convPass.inputGrad))
      kernels.f32_conv_pack(w.p, pW, pParams, convPass.inputGrad)
    }
    const scratch = arena.scratch(kernels.conv_scratch_bytes(pParams, convPass.inputGrad))
    kernels.f32_conv_input_grad(dy.p, pW, biased ? bias.p : 0, dx.p, pParams, flags, scratch)
    const text = settled('input gradient', s)
    if (trapsOnly) return
    const expected = sums(n.x)
    for (let i = 0; i < n.x; i++) {
      if (flags & convFlags.accumulate) add(expected, i, dx.values[i]!)
      if (biased) add(expected, i, bias.values[i % s.C]!)
    }
    eachProduct(s, (ix, iw, iy) => add(expected, ix, dy.values[iy]! * w.values[iw]!))
    compare(text, arena.read(dx), expected, flags)
  }

  const checkWeightGrad = (s: ConvShape, flags = 0, biased = true, offset = 0): void => {
    const n = sizes(s)
    const pParams = start(s, offset)
    const [x, dy, dw, db] = [arena.input(n.x), arena.input(n.y), arena.output(n.w), arena.output(s.OC)]
    const scratch = arena.scratch(kernels.conv_scratch_bytes(pParams, convPass.weightGrad))
    kernels.f32_conv_weight_grad(x.p, dy.p, dw.p, biased ? db.p : 0, pParams, flags, scratch)
    const text = settled('weight gradient', s)
    if (trapsOnly) return
    const [expectedW, expectedB] = [sums(n.w), sums(s.OC)]
    if (flags & convFlags.accumulate) {
      dw.values.forEach((value, i) => add(expectedW, i, value))
      db.values.forEach((value, i) => add(expectedB, i, value))
    }
    eachProduct(s, (ix, iw, iy) => add(expectedW, iw, x.values[ix]! * dy.values[iy]!))
    dy.values.forEach((value, i) => add(expectedB, i % s.OC, value))
    compare(text, arena.read(dw), expectedW, 0)
    if (biased) compare(`${text} bias`, arena.read(db), expectedB, 0)
    else expect([...arena.read(db)]).toEqual([...db.values])
  }

  /** Every pass, with each input at the edge once, and flags and alignment that vary from shape to shape. */
  const checkAll = (s: ConvShape): void => {
    turn++
    const offset = (turn % 4) * 4
    for (edge = 0; edge < 3; edge++) {
      trapsOnly = edge !== turn % 3
      checkForward(s, [0, 1, 16, 17, 32, 33, convFlags.relu6][turn % 7]!, turn % 4 > 0, offset)
      checkInputGrad(s, [0, 32, 1, 17, 0, 49][turn % 6]!, turn % 4 === 0, offset)
      checkWeightGrad(s, turn % 2, turn % 5 > 0, offset)
    }
  }

  test('kernel, stride, padding and dilation in two axes', () => {
    for (const kernel of [
      [1, 1],
      [3, 3],
      [5, 5],
      [2, 2],
      [1, 3],
      [4, 1],
    ])
      for (const stride of [1, 2, 3])
        for (const padding of [0, 1, 2])
          for (const dilation of [1, 2]) checkAll(shapeOf(2, 5, 9, [9, 11], kernel, { stride, padding, dilation }))
  })

  test('channels at tile edges', () => {
    for (const C of [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 28])
      for (const OC of [1, 3, 4, 8, 9, 12, 13, 16, 20, 25]) {
        checkAll(shapeOf(1, C, OC, [5, 7], [3, 3], { padding: 1 }))
        checkAll(shapeOf(2, C, OC, [6, 5], [1, 1]))
      }
  })

  test('many channels: sums of several chunks, channels cut into slices', () => {
    checkAll(shapeOf(1, 64, 24, [5, 6], [3, 3], { padding: 1 }))
    checkAll(shapeOf(1, 24, 64, [5, 6], [3, 3], { padding: 1, stride: 2 }))
    checkAll(shapeOf(1, 530, 9, [3, 3], [1, 1]))
    checkAll(shapeOf(1, 9, 530, [3, 3], [2, 1]))
    checkAll(shapeOf(1, 1037, 4, [3, 2], [2, 2], { padding: 1 }))
    checkAll(shapeOf(1, 130, 17, [7, 7], [3, 3], { padding: 1 }))
  })

  test('small maps of many images: taps that miss are left out', () => {
    for (const N of [3, 7, 20]) {
      checkAll(shapeOf(N, 9, 13, [2, 2], [3, 3], { padding: 1 }))
      checkAll(shapeOf(N, 8, 12, [4, 4], [4, 4], { stride: 2, padding: 1 }))
      checkAll(shapeOf(N, 13, 8, [4, 4], [4, 4]))
      checkAll(shapeOf(N, 12, 1, [3, 4], [3, 4]))
      checkAll(shapeOf(N, 8, 9, [3], [5], { padding: 2 }))
      checkAll(shapeOf(N, 16, 6, [3, 3], [3, 3], { padding: 2, dilation: 2, groups: 2 }))
      checkAll(shapeOf(N, 10, 9, [2, 2, 3], [3, 2, 3], { padding: [1, 0, 1] }))
      checkAll(shapeOf(N, 9, 8, [2, 2], [2, 2], { padding: 4, stride: 3 }))
      checkAll(shapeOf(N, 9, 8, [3, 3], [1, 1], { stride: 2, padding: 1 }))
      checkAll(shapeOf(N, 3, 8, [3, 3], [3, 3], { padding: 1 }))
    }
    checkAll(shapeOf(77, 20, 24, [2, 2], [3, 3], { padding: 1 }))
    checkAll(shapeOf(40, 260, 8, [2, 1], [3, 3], { padding: 1 }))
    checkAll(shapeOf(5, 8, 530, [2, 2], [3, 3], { padding: 1 }))
  })

  test('an image has the same bits alone and among others', () => {
    const run = (s: ConvShape, pass: 'f32_conv' | 'f32_conv_input_grad'): Float32Array => {
      const n = sizes(s)
      const pParams = start(s, 0)
      const forward = pass === 'f32_conv'
      const w = arena.put(mixed(n.w))
      const from = arena.put(mixed(forward ? n.x : n.y))
      const to = arena.output(forward ? n.y : n.x)
      const scratch = arena.scratch(
        kernels.conv_scratch_bytes(pParams, forward ? convPass.forward : convPass.inputGrad),
      )
      kernels[pass](from.p, w.p, 0, to.p, pParams, 0, scratch)
      return arena.read(to)
    }
    edge = -1
    for (const [C, OC, map, kernel, options] of [
      [70, 80, [2, 2], [3, 3], { padding: 1 }],
      [40, 100, [4, 4], [4, 4], {}],
      [530, 9, [3, 3], [3, 3], { padding: 1 }],
      [3, 20, [6, 6], [4, 4], { stride: 2, padding: 1 }],
    ] as const)
      for (const pass of ['f32_conv', 'f32_conv_input_grad'] as const) {
        const alone = run(shapeOf(1, C, OC, map, kernel, options), pass)
        const among = run(shapeOf(13, C, OC, map, kernel, options), pass)
        expect(among.slice(0, alone.length), `${pass} ${C} ${OC}`).toEqual(alone)
      }
  })

  test('plain loads give the same bits', () => {
    edge = -1
    for (const s of [
      shapeOf(2, 16, 20, [9, 11], [3, 3], { padding: 1 }),
      shapeOf(1, 3, 24, [20, 17], [7, 7], { padding: 3, stride: 2 }),
      shapeOf(9, 12, 9, [2, 2], [3, 3], { padding: 1 }),
      shapeOf(1, 28, 8, [3, 700], [1, 1], { groups: 2 }),
    ]) {
      const n = sizes(s)
      const pParams = start(s, 0)
      const [x, dy] = [arena.put(mixed(n.x)), arena.put(mixed(n.y))]
      const scratch = arena.scratch(kernels.conv_scratch_bytes(pParams, convPass.weightGrad))
      // As engineFlags gives them: the bit of packed weights means nothing here.
      const { packed, plainLoads } = convFlags
      const [usual, plain, both] = [0, plainLoads, plainLoads + packed].map((flags) => {
        const dw = arena.output(n.w)
        kernels.f32_conv_weight_grad(x.p, dy.p, dw.p, 0, pParams, flags, scratch)
        return arena.read(dw)
      })
      expect(plain, JSON.stringify(s)).toEqual(usual)
      expect(both, JSON.stringify(s)).toEqual(usual)
    }
  })

  test('an infinite gradient reaches its own window only', () => {
    for (const C of [1, 3, 7]) {
      const s = shapeOf(2, C, 5, [6, 6], [3, 3])
      const n = sizes(s)
      edge = -1
      const pParams = start(s, 0)
      const gradient = mixed(n.y)
      gradient[(size(s.output) + 4 + 1) * s.OC] = Infinity
      const [dy, w, dx] = [arena.put(gradient), arena.put(mixed(n.w)), arena.output(n.x)]
      const scratch = arena.scratch(kernels.conv_scratch_bytes(pParams, convPass.inputGrad))
      kernels.f32_conv_input_grad(dy.p, w.p, 0, dx.p, pParams, 0, scratch)
      const hit = [...arena.read(dx)].map((value) => !Number.isFinite(value))
      const expected = hit.map((_, i) => {
        const [image, row, column] = [Math.floor(i / C / 36), Math.floor(i / C / 6) % 6, Math.floor(i / C) % 6]
        return image === 1 && row >= 1 && row < 4 && column >= 1 && column < 4
      })
      expect(hit, `${C} channels`).toEqual(expected)
    }
  })

  test('large images: several blocks of rows', () => {
    checkAll(shapeOf(1, 1, 8, [60, 61], [5, 5], { padding: 2 }))
    checkAll(shapeOf(2, 3, 16, [57, 60], [7, 7], { padding: 3, stride: 2 }))
    checkAll(shapeOf(2, 8, 8, [41, 40], [3, 3], { padding: 1 }))
    checkAll(shapeOf(70, 4, 6, [2, 3], [2, 2], { padding: 1 }))
  })

  test('long rows, cut into segments', () => {
    checkAll(shapeOf(2, 3, 9, [1300], [5], { padding: 2 }))
    checkAll(shapeOf(1, 9, 8, [1200], [3], { padding: 4, dilation: 4 }))
    checkAll(shapeOf(1, 5, 8, [2, 1500], [2, 4], { padding: 1, stride: 2 }))
    checkAll(shapeOf(1, 5, 8, [1026], [3], { padding: 600 }))
    checkAll(shapeOf(1, 8, 8, [1100], [3], { groups: 8, padding: 1 }))
  })

  test('one axis and three axes', () => {
    checkAll(shapeOf(2, 3, 5, [13], [4], { stride: 2, padding: 1 }))
    checkAll(shapeOf(2, 40, 5, [13], [3], { dilation: 2, padding: 2 }))
    checkAll(shapeOf(2, 3, 5, [4, 5, 6], [3, 3, 3], { padding: 1 }))
    checkAll(shapeOf(1, 9, 10, [5, 4, 7], [2, 3, 1], { padding: [1, 0, 2], stride: [2, 1, 3], dilation: [1, 2, 1] }))
    checkAll(shapeOf(1, 33, 8, [4, 4, 4], [3, 3, 3], { padding: 1, stride: 2 }))
  })

  test('padding that differs at the two ends, or exceeds the kernel', () => {
    checkAll(shapeOf(1, 3, 8, [7, 8], [3, 3], { padding: [0, 0, 1], after: [0, 1, 0] }))
    checkAll(shapeOf(1, 16, 8, [7, 8], [2, 2], { padding: [0, 1, 0], after: [0, 0, 3], stride: 2 }))
    checkAll(shapeOf(1, 3, 8, [3, 2], [2, 2], { padding: 4 }))
    checkAll(shapeOf(1, 20, 8, [3, 2], [2, 2], { padding: 4, stride: 3 }))
  })

  test('groups', () => {
    for (const [groups, C, OC] of [
      [2, 4, 6],
      [3, 9, 9],
      [4, 32, 64],
      [2, 80, 20],
      [5, 5, 20],
    ] as const)
      for (const stride of [1, 2]) checkAll(shapeOf(2, C, OC, [7, 6], [3, 3], { groups, stride, padding: 1 }))
    checkAll(shapeOf(1, 6, 4, [4, 5], [1, 1], { groups: 2 }))
  })

  test('depthwise', () => {
    for (const C of [1, 2, 3, 4, 5, 8, 11, 16, 20])
      for (const multiplier of [1, 2, 3, 8])
        for (const stride of [1, 2])
          checkAll(shapeOf(2, C, C * multiplier, [7, 9], [3, 3], { groups: C, stride, padding: 1 }))
    checkAll(shapeOf(2, 12, 12, [9, 10], [5, 5], { groups: 12, padding: 2, dilation: 1 }))
    checkAll(shapeOf(2, 12, 12, [9, 10], [3, 3], { groups: 12, padding: 2, dilation: 2, stride: 3 }))
    checkAll(shapeOf(1, 12, 12, [40, 41], [3, 3], { groups: 12, padding: 1 }))
    for (const stride of [1, 2])
      for (const C of [18, 32, 128]) checkAll(shapeOf(1, C, C, [4, 75], [3, 3], { groups: C, padding: 1, stride }))
    checkAll(shapeOf(1, 6, 6, [4, 7], [3, 3], { groups: 6, padding: [0, 4, 4] }))
    checkAll(shapeOf(1, 9, 9, [5, 8], [1, 3], { groups: 9, padding: 1 }))
    checkAll(shapeOf(1, 9, 9, [8], [7], { groups: 9, padding: 3 }))
    checkAll(shapeOf(2, 6, 12, [4, 5, 6], [3, 2, 3], { groups: 6, padding: 1 }))
    checkAll(shapeOf(2, 6, 6, [17], [4], { groups: 6, stride: 4 }))
  })

  test('no images, no outputs, outputs that no tap reaches', () => {
    checkAll(shapeOf(0, 3, 4, [5, 5], [3, 3]))
    checkAll(shapeOf(1, 3, 4, [5, 5], [1, 1], { stride: 3 }))
    checkAll(shapeOf(1, 6, 6, [5, 5], [1, 1], { stride: 3, groups: 6 }))
    checkAll(shapeOf(1, 3, 4, [2, 2], [3, 3]))
    checkAll(shapeOf(1, 6, 6, [2, 2], [3, 3], { groups: 6 }))
  })
})
