// WebNN's operators in the library's terms. Options and defaults are those of the WebNN specification.
import { Unsupported } from './cases.mjs'

/** The arguments of a case by position, with tensors in place of references, whatever its style. */
const argumentsOf = (test, inputs) => {
  const resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve)
    if (typeof value !== 'object' || value === null) return value
    if ('$t' in value) return inputs[value.$t]
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v)]))
  }
  const list = test.args.map(resolve)
  return test.argStyle === 'positional' ? list : list.map((named) => Object.values(named)[0])
}

const camel = (name) => name.replace(/_(\w)/g, (_, c) => c.toUpperCase())

const range = (n) => Array.from({ length: n }, (_, i) => i)

/** The inverse of a permutation. */
const inverse = (order) => order.map((_, i) => order.indexOf(i))

/** A 1-d parameter laid along one axis of a tensor of some rank. */
const along = (L, p, axis, rank) =>
  L.reshape(
    p,
    range(rank).map((i) => (i === axis ? -1 : 1)),
  )

const reduction =
  (f) =>
  (L, [x, { axes = range(x.rank), keepDimensions = false } = {}]) => [
    axes.length === 0 ? f(L, x, [], keepDimensions) : f(L, x, axes, keepDimensions),
  ]

const activations = (L, list, defaults) =>
  (list ?? defaults).map((a) => {
    const name = typeof a === 'string' ? a : a.$fn
    if (!['relu', 'sigmoid', 'tanh'].includes(name)) throw new Unsupported(`activation ${name}`)
    return L[name]
  })

const toNchw = (L, x, layout) => (layout === 'nhwc' ? L.permute(x, [0, 3, 1, 2]) : x)
const fromNchw = (L, y, layout) => (layout === 'nhwc' ? L.permute(y, [0, 2, 3, 1]) : y)

/** Filters as [out, in / groups, H, W]. */
const filterToOihw = { oihw: [0, 1, 2, 3], hwio: [3, 2, 0, 1], ohwi: [0, 3, 1, 2], ihwo: [3, 0, 1, 2] }
/** Filters of transposed convolutions as [in, out / groups, H, W]. */
const filterToIohw = { iohw: [0, 1, 2, 3], hwoi: [3, 2, 0, 1], ohwi: [3, 0, 1, 2], oihw: [1, 0, 2, 3] }

const padSpatial = (L, x, [top, bottom, left, right], value = 0) =>
  top || bottom || left || right ? L.pad(x, [left, right, top, bottom], { value }) : x

const conv2d = (L, [input, filter, options = {}]) => {
  const {
    padding = [0, 0, 0, 0],
    strides: stride = [1, 1],
    dilations: dilation = [1, 1],
    groups = 1,
    inputLayout = 'nchw',
    filterLayout = 'oihw',
    bias,
  } = options
  const x = padSpatial(L, toNchw(L, input, inputLayout), padding)
  const w = L.permute(filter, filterToOihw[filterLayout])
  return [fromNchw(L, L.conv2d(x, w, bias, { stride, dilation, groups }), inputLayout)]
}

const convTranspose2d = (L, [input, filter, options = {}]) => {
  const {
    padding = [0, 0, 0, 0],
    strides: stride = [1, 1],
    dilations: dilation = [1, 1],
    groups = 1,
    inputLayout = 'nchw',
    filterLayout = 'iohw',
    bias,
    outputPadding = [0, 0],
    outputSizes,
  } = options
  const x = toNchw(L, input, inputLayout)
  const w = L.permute(filter, filterToIohw[filterLayout])
  const [top, bottom, left, right] = padding
  // Without padding first; then the borders are cut off, or rows that no input reaches are added.
  const full = L.convTranspose2d(x, w, null, { stride, dilation, groups })
  const size = (i, before, after, extra) =>
    outputSizes === undefined
      ? (x.shape[i + 2] - 1) * stride[i] + (w.shape[i + 2] - 1) * dilation[i] + 1 - before - after + extra
      : outputSizes[i]
  const [H, W] = [size(0, top, bottom, outputPadding[0]), size(1, left, right, outputPadding[1])]
  const bottomPad = Math.max(0, top + H - full.shape[2])
  const rightPad = Math.max(0, left + W - full.shape[3])
  const grown = padSpatial(L, full, [0, bottomPad, 0, rightPad])
  const cut = L.slice(L.slice(grown, 2, top, top + H), 3, left, left + W)
  return [fromNchw(L, bias === undefined ? cut : L.add(cut, along(L, bias, 1, 4)), inputLayout)]
}

/** The window options of a pooling case, with the output's size that its rounding asks for. */
const windows = (
  x,
  {
    windowDimensions,
    padding = [0, 0, 0, 0],
    strides = [1, 1],
    dilations = [1, 1],
    roundingType = 'floor',
    outputSizes,
  },
) => {
  const kernel = windowDimensions ?? x.shape.slice(2)
  const round = roundingType === 'ceil' ? Math.ceil : Math.floor
  const size = (i) =>
    outputSizes?.[i] ??
    round((x.shape[i + 2] + padding[2 * i] + padding[2 * i + 1] - (kernel[i] - 1) * dilations[i] - 1) / strides[i]) + 1
  return { kernel, padding, strides, dilations, sizes: [size(0), size(1)] }
}

/** Enough padding at the far ends that every window of the wanted output lies inside. */
const reachOf = (x, { kernel, padding, strides, dilations, sizes }) =>
  [0, 1].flatMap((i) => {
    const needed = (sizes[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1
    return [padding[2 * i], Math.max(padding[2 * i + 1], needed - x.shape[i + 2] - padding[2 * i])]
  })

const cropTo = (L, y, [H, W]) => L.slice(L.slice(y, 2, 0, H), 3, 0, W)

const pool =
  (f) =>
  (L, [input, options = {}]) => {
    const x = toNchw(L, input, options.layout)
    const w = windows(x, options)
    return [fromNchw(L, cropTo(L, f(L, x, w), w.sizes), options.layout)]
  }

const sumPool = (L, x, w) => {
  const C = x.shape[1]
  const padded = padSpatial(L, x, reachOf(x, w))
  return L.conv2d(padded, L.ones([C, 1, ...w.kernel]), null, { stride: w.strides, dilation: w.dilations, groups: C })
}

const resample2d = (L, [x, { mode = 'nearest-neighbor', scales, sizes, axes = [2, 3] } = {}]) => {
  const order = [...range(4).filter((i) => !axes.includes(i)), ...axes]
  const planes = L.permute(x, order)
  const size = sizes ?? axes.map((a, i) => Math.floor(x.shape[a] * scales[i]))
  const y = L.interpolate(planes, { size, mode: mode === 'linear' ? 'bilinear' : 'nearest', alignCorners: false })
  return [L.permute(y, inverse(order))]
}

const normalize = (L, x, axes, epsilon) => {
  const centred = L.sub(x, L.mean(x, axes, true))
  return L.div(centred, L.sqrt(L.add(L.mean(L.square(centred), axes, true), epsilon)))
}

/** One direction of a recurrent net over [T, B, I]; step(x, state) gives the next state. */
const unroll = (L, x, states, step, backwards) => {
  const T = x.shape[0]
  const outputs = new Array(T)
  let state = states
  for (const t of backwards ? range(T).toReversed() : range(T)) {
    state = step(L.select(x, 0, t), state)
    outputs[t] = state[0]
  }
  return { state, outputs }
}

const gruStep = (L, w, r, bias, recurrentBias, hidden, { resetAfter = true, layout = 'zrn', activations: list }) => {
  const [gate, candidate] = activations(L, list, ['sigmoid', 'tanh'])
  const part = (t, letter) => {
    const at = layout.indexOf(letter) * hidden
    return t === undefined || t === null ? 0 : L.slice(t, 0, at, at + hidden)
  }
  return (x, [h]) => {
    const of = (letter) => L.add(L.matmul(x, L.transpose(part(w, letter))), part(bias, letter))
    const back = (letter, from) => L.add(L.matmul(from, L.transpose(part(r, letter))), part(recurrentBias, letter))
    const z = gate(L.add(of('z'), back('z', h)))
    const reset = gate(L.add(of('r'), back('r', h)))
    const n = candidate(L.add(of('n'), resetAfter ? L.mul(reset, back('n', h)) : back('n', L.mul(reset, h))))
    return [L.add(L.mul(z, h), L.mul(L.sub(1, z), n))]
  }
}

const lstmStep = (L, w, r, bias, recurrentBias, peephole, hidden, { layout = 'iofg', activations: list }) => {
  const [gate, cell, out] = activations(L, list, ['sigmoid', 'tanh', 'tanh'])
  const part = (t, letter, order = layout) => {
    const at = order.indexOf(letter) * hidden
    return t === undefined || t === null ? 0 : L.slice(t, 0, at, at + hidden)
  }
  const peep = (letter, c) =>
    peephole === undefined || peephole === null ? 0 : L.mul(c, part(peephole, letter, 'iof'))
  return (x, [h, c]) => {
    const of = (letter) =>
      L.add(
        L.add(L.matmul(x, L.transpose(part(w, letter))), part(bias, letter)),
        L.add(L.matmul(h, L.transpose(part(r, letter))), part(recurrentBias, letter)),
      )
    const i = gate(L.add(of('i'), peep('i', c)))
    const f = gate(L.add(of('f'), peep('f', c)))
    const next = L.add(L.mul(f, c), L.mul(i, cell(of('g'))))
    const o = gate(L.add(of('o'), peep('o', next)))
    return [L.mul(o, out(next)), next]
  }
}

/** A whole recurrent net of one or two directions: final states [D, B, H] each, then the sequence [T, D, B, H]. */
const recurrent = (L, x, hidden, options, initial, stepOf) => {
  const { direction = 'forward', returnSequence = false } = options
  const backwards = direction === 'both' ? [false, true] : [direction === 'backward']
  const runs = backwards.map((back, d) => {
    const states = initial.map((s) => (s === undefined ? L.zeros([x.shape[1], hidden]) : L.select(s, 0, d)))
    return unroll(L, x, states, stepOf(d), back)
  })
  const finals = initial.map((_, i) =>
    L.stack(
      runs.map((run) => run.state[i]),
      0,
    ),
  )
  const sequence = returnSequence
    ? [
        L.stack(
          range(x.shape[0]).map((t) =>
            L.stack(
              runs.map((run) => run.outputs[t]),
              0,
            ),
          ),
          0,
        ),
      ]
    : []
  return [...finals, ...sequence]
}

const pick = (L, t, d) => (t === undefined ? undefined : L.select(t, 0, d))

const gru = (L, [x, w, r, , hidden, o = {}]) =>
  recurrent(L, x, hidden, o, [o.initialHiddenState], (d) =>
    gruStep(L, pick(L, w, d), pick(L, r, d), pick(L, o.bias, d), pick(L, o.recurrentBias, d), hidden, o),
  )

const lstm = (L, [x, w, r, , hidden, o = {}]) =>
  recurrent(L, x, hidden, o, [o.initialHiddenState, o.initialCellState], (d) =>
    lstmStep(
      L,
      pick(L, w, d),
      pick(L, r, d),
      pick(L, o.bias, d),
      pick(L, o.recurrentBias, d),
      pick(L, o.peepholeWeight, d),
      hidden,
      o,
    ),
  )

const integerBounds = {
  int8: [-128, 127],
  uint8: [0, 255],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: [-2147483648, 2147483647],
  uint64: [0, 4294967295],
}

/** WebNN's cast: to the i32 that stands for narrower integers by wrapping, as C does. */
const castTo = (L, x, type) => {
  if (['float32', 'float16'].includes(type)) return L.cast(x, 'f32')
  if (!(type in integerBounds)) throw new Unsupported(`cast to ${type}`)
  const whole = L.cast(x, 'i32')
  if (type === 'int8') return L.sub(L.remainder(L.add(whole, 128), 256), 128)
  if (type === 'uint8') return L.remainder(whole, 256)
  return whole
}

/** Gather with WebNN's rule that indices out of range are clamped. */
const clampIndices = (L, indices, size) => L.clamp(indices, -size, size - 1)
const wrapIndices = (L, indices, size) => {
  const clamped = clampIndices(L, indices, size)
  return L.where(L.lt(clamped, 0), L.add(clamped, size), clamped)
}

/** Blockwise parameters of quantisation repeated to the input's shape. */
const blockwise = (L, p, shape) => {
  let y = p.rank === shape.length ? p : L.reshape(p, [...range(shape.length - p.rank).map(() => 1), ...p.shape])
  for (const i of range(shape.length))
    if (y.shape[i] !== 1 && y.shape[i] !== shape[i]) y = L.repeatInterleave(y, shape[i] / y.shape[i], i)
  return y
}

const unary =
  (name) =>
  (L, [x]) => [L[name](x)]
const binary =
  (name) =>
  (L, [a, b]) => [L[name](a, b)]

/** Per operator: the library's way of computing it from the case's arguments. */
const operators = {
  abs: unary('abs'),
  ceil: unary('ceil'),
  cos: unary('cos'),
  erf: unary('erf'),
  exp: unary('exp'),
  floor: unary('floor'),
  gelu: unary('gelu'),
  identity: (L, [x]) => [L.clone(x)],
  log: unary('log'),
  neg: unary('neg'),
  reciprocal: unary('reciprocal'),
  relu: unary('relu'),
  sigmoid: unary('sigmoid'),
  sign: unary('sign'),
  sin: unary('sin'),
  softplus: unary('softplus'),
  softsign: unary('softsign'),
  sqrt: unary('sqrt'),
  tan: unary('tan'),
  tanh: unary('tanh'),
  hardSwish: unary('hardswish'),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  max: binary('maximum'),
  min: binary('minimum'),
  pow: binary('pow'),
  div: (L, [a, b]) => [a.dtype === 'i32' && b.dtype === 'i32' ? L.cast(L.trunc(L.div(a, b)), 'i32') : L.div(a, b)],
  equal: binary('eq'),
  notEqual: binary('ne'),
  greater: binary('gt'),
  greaterOrEqual: binary('ge'),
  lesser: binary('lt'),
  lesserOrEqual: binary('le'),
  logicalAnd: binary('logicalAnd'),
  logicalOr: binary('logicalOr'),
  logicalXor: binary('logicalXor'),
  logicalNot: unary('logicalNot'),
  argMax: (L, [x, axis, { keepDimensions = false } = {}]) => [L.argmax(x, axis, keepDimensions)],
  argMin: (L, [x, axis, { keepDimensions = false } = {}]) => [L.argmin(x, axis, keepDimensions)],
  averagePool2d: pool((L, x, w) => {
    const counts = sumPool(L, L.ones(x.shape), w)
    return L.div(sumPool(L, x, w), counts)
  }),
  l2Pool2d: pool((L, x, w) => L.sqrt(sumPool(L, L.square(x), w))),
  maxPool2d: pool((L, x, w) =>
    L.maxPool2d(padSpatial(L, x, reachOf(x, w), -Infinity), w.kernel, { stride: w.strides, dilation: w.dilations }),
  ),
  batchNormalization: (L, [x, mean, variance, { axis = 1, scale, bias, epsilon = 1e-5 } = {}]) => {
    const p = (t) => along(L, t, axis, x.rank)
    let y = L.div(L.sub(x, p(mean)), L.sqrt(L.add(p(variance), epsilon)))
    if (scale !== undefined) y = L.mul(y, p(scale))
    return [bias === undefined ? y : L.add(y, p(bias))]
  },
  instanceNormalization: (L, [input, { scale, bias, epsilon = 1e-5, layout = 'nchw' } = {}]) => {
    const x = toNchw(L, input, layout)
    if (x.shape[2] * x.shape[3] > 1) {
      return [fromNchw(L, L.instanceNorm(x, { weight: scale, bias, eps: epsilon }), layout)]
    }
    // One element a plane, which PyTorch refuses: it is its own mean.
    const y = L.mul(L.mul(x, 0), scale === undefined ? 1 : along(L, scale, 1, 4))
    return [fromNchw(L, bias === undefined ? y : L.add(y, along(L, bias, 1, 4)), layout)]
  },
  layerNormalization: (L, [x, { axes = range(x.rank).slice(1), scale, bias, epsilon = 1e-5 } = {}]) => {
    // Parameters follow the order of the axes as given.
    const spread = (t) => {
      const sorted = axes.toSorted((a, b) => a - b)
      const p = L.permute(
        t,
        sorted.map((a) => axes.indexOf(a)),
      )
      return L.reshape(
        p,
        range(x.rank).map((i) => (axes.includes(i) ? x.shape[i] : 1)),
      )
    }
    let y = axes.length === 0 ? L.mul(x, 0) : normalize(L, x, axes, epsilon)
    if (scale !== undefined) y = L.mul(y, spread(scale))
    return [bias === undefined ? y : L.add(y, spread(bias))]
  },
  cast: (L, [x, type]) => [castTo(L, x, type)],
  clamp: (L, [x, { minValue = -Infinity, maxValue = Infinity } = {}]) => [L.clamp(x, minValue, maxValue)],
  concat: (L, [list, axis]) => [L.concat(list, axis)],
  constant: (L, [start, step, shape, type]) => {
    const n = shape.reduce((a, b) => a * b, 1)
    return [
      L.tensor(
        range(n).map((i) => start + i * step),
        { dtype: type.startsWith('float') ? 'f32' : 'i32', shape },
      ),
    ]
  },
  conv2d,
  convTranspose2d,
  cumulativeSum: (L, [x, axis, { exclusive = false, reverse = false } = {}]) => {
    const turned = reverse ? L.flip(x, axis) : x
    const total = L.cumsum(turned, axis)
    const y = exclusive ? L.sub(total, turned) : total
    return [reverse ? L.flip(y, axis) : y]
  },
  dequantizeLinear: (L, [x, scale, zeroPoint]) => [
    L.mul(L.sub(L.cast(x, 'f32'), L.cast(blockwise(L, zeroPoint, x.shape), 'f32')), blockwise(L, scale, x.shape)),
  ],
  quantizeLinear: (L, [x, scale, zeroPoint, type]) => {
    const [low, high] = integerBounds[type]
    const y = L.add(L.round(L.div(x, blockwise(L, scale, x.shape))), L.cast(blockwise(L, zeroPoint, x.shape), 'f32'))
    return [L.cast(L.clamp(y, low, high), 'i32')]
  },
  elu: (L, [x, { alpha = 1 } = {}]) => [L.elu(x, alpha)],
  // Both ways: the tensor may also widen the given shape.
  expand: (L, [x, shape]) => [L.where(L.ones(shape, { dtype: 'bool' }), x, x)],
  gather: (L, [x, indices, { axis = 0 } = {}]) => {
    const flat = L.reshape(wrapIndices(L, indices, x.shape[axis]), [-1])
    const y = L.indexSelect(x, axis, flat)
    return [L.reshape(y, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)])]
  },
  gatherElements: (L, [x, indices, { axis = 0 } = {}]) => [L.gather(x, axis, wrapIndices(L, indices, x.shape[axis]))],
  gatherND: (L, [x, indices]) => {
    const [flat, rest] = flatPositions(L, x.shape, indices)
    const rows = L.reshape(x, [-1, rest.reduce((a, b) => a * b, 1)])
    return [L.reshape(L.indexSelect(rows, 0, flat), [...indices.shape.slice(0, -1), ...rest])]
  },
  scatterElements: (L, [x, indices, updates, { axis = 0 } = {}]) => [
    L.scatter(x, axis, { index: wrapIndices(L, indices, x.shape[axis]), source: updates }),
  ],
  scatterND: (L, [x, indices, updates]) => {
    const [flat, rest] = flatPositions(L, x.shape, indices)
    const width = rest.reduce((a, b) => a * b, 1)
    const index = L.expand(L.reshape(flat, [-1, 1]), [flat.size, width])
    const rows = L.reshape(x, [-1, width])
    return [L.reshape(L.scatter(rows, 0, { index: L.clone(index), source: L.reshape(updates, [-1, width]) }), x.shape)]
  },
  gemm: (L, [a, b, { alpha = 1, beta = 1, aTranspose = false, bTranspose = false, c } = {}]) => {
    const y = L.mul(L.matmul(aTranspose ? L.transpose(a) : a, bTranspose ? L.transpose(b) : b), alpha)
    return [c === undefined ? y : L.add(y, L.mul(c, beta))]
  },
  gru,
  gruCell: (L, [x, w, r, h, hidden, o = {}]) => gruStep(L, w, r, o.bias, o.recurrentBias, hidden, o)(x, [h]),
  lstm,
  lstmCell: (L, [x, w, r, h, c, hidden, o = {}]) =>
    lstmStep(L, w, r, o.bias, o.recurrentBias, o.peepholeWeight, hidden, o)(x, [h, c]),
  hardSigmoid: (L, [x, { alpha = 0.2, beta = 0.5 } = {}]) => [L.clamp(L.add(L.mul(x, alpha), beta), 0, 1)],
  leakyRelu: (L, [x, { alpha = 0.01 } = {}]) => [L.leakyRelu(x, alpha)],
  linear: (L, [x, { alpha = 1, beta = 0 } = {}]) => [L.add(L.mul(x, alpha), beta)],
  // A vector keeps its axis of size 1 in the baseline's cases.
  matmul: (L, [a, b]) => {
    const y = L.matmul(a, b)
    if (a.rank === 1 && b.rank > 1) return [L.unsqueeze(y, -2)]
    return [b.rank === 1 && a.rank > 1 ? L.unsqueeze(y, -1) : y]
  },
  pad: (L, [x, before, after, { mode = 'constant', value = 0 } = {}]) => {
    if (mode === 'symmetric') throw new Unsupported("symmetric padding is not one of PyTorch's modes")
    const modes = { constant: 'constant', edge: 'replicate', reflection: 'reflect' }
    return [
      L.pad(
        x,
        range(x.rank)
          .toReversed()
          .flatMap((i) => [before[i], after[i]]),
        { mode: modes[mode], value },
      ),
    ]
  },
  prelu: (L, [x, slope]) => [L.where(L.gt(x, 0), x, L.mul(x, slope))],
  reduceL1: reduction((L, x, axes, keep) => L.sum(L.abs(x), axes, keep)),
  reduceL2: reduction((L, x, axes, keep) => L.sqrt(L.sum(L.square(x), axes, keep))),
  reduceLogSum: reduction((L, x, axes, keep) => L.log(L.sum(x, axes, keep))),
  reduceLogSumExp: reduction((L, x, axes, keep) => (axes.length === 0 ? L.clone(x) : L.logSumExp(x, axes, keep))),
  reduceMax: reduction((L, x, axes, keep) => L.amax(x, axes, keep)),
  reduceMin: reduction((L, x, axes, keep) => L.amin(x, axes, keep)),
  reduceMean: reduction((L, x, axes, keep) => L.mean(x, axes, keep)),
  reduceProduct: reduction((L, x, axes, keep) => axes.toReversed().reduce((y, axis) => L.prod(y, axis, keep), x)),
  reduceSum: reduction((L, x, axes, keep) => L.sum(x, axes, keep)),
  reduceSumSquare: reduction((L, x, axes, keep) => L.sum(L.square(x), axes, keep)),
  resample2d,
  reshape: (L, [x, shape]) => [
    L.reshape(
      x,
      shape.map((n) => n ?? -1),
    ),
  ],
  reverse: (L, [x, { axes = range(x.rank) } = {}]) => [L.flip(x, axes)],
  slice: (L, [x, starts, sizes, { strides } = {}]) => [
    starts.reduce((y, start, i) => L.slice(y, i, start, start + sizes[i], strides?.[i] ?? 1), L.clone(x)),
  ],
  softmax: (L, [x, axis]) => [L.softmax(x, axis)],
  split: (L, [x, splits, { axis = 0 } = {}]) =>
    L.split(x, typeof splits === 'number' ? x.shape[axis] / splits : splits, axis),
  tile: (L, [x, repetitions]) => [L.tile(x, repetitions)],
  transpose: (L, [x, { permutation = range(x.rank).toReversed() } = {}]) => [L.permute(x, permutation)],
  triangular: (L, [x, { upper = true, diagonal = 0 } = {}]) => [upper ? L.triu(x, diagonal) : L.tril(x, diagonal)],
  where: (L, [condition, a, b]) => [L.where(L.ne(condition, 0), a, b)],
}

/** Row numbers that index tuples select, clamped, and the shape of one row. */
const flatPositions = (L, shape, indices) => {
  const depth = indices.shape.at(-1)
  let flat = L.zeros(indices.shape.slice(0, -1), { dtype: 'i32' })
  for (const i of range(depth)) flat = L.add(L.mul(flat, shape[i]), wrapIndices(L, L.select(indices, -1, i), shape[i]))
  return [L.reshape(flat, [-1]), shape.slice(depth)]
}

/** Runs a WebNN case; gives its outputs. */
export const webnn = (L, op, inputs, test) => {
  const run = operators[camel(op)]
  if (run === undefined) throw new Unsupported(`no ${op} here`)
  return run(L, argumentsOf(test, inputs))
}
