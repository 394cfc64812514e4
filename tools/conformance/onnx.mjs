// ONNX's operators in the library's terms. Attributes and defaults are those of the ONNX operator documents.
import { toTensor, Unsupported } from './cases.mjs'

const range = (n) => Array.from({ length: n }, (_, i) => i)
const product = (list) => list.reduce((a, b) => a * b, 1)
const numbers = (t) => (t === null || t === undefined ? undefined : [...t.dataSync()])
const first = (t) => numbers(t)?.[0]
const wrap = (axis, rank) => (axis < 0 ? axis + rank : axis)
const isWhole = (x) => x.dtype === 'i32'

const unary =
  (name) =>
  (L, [x]) => [L[name](x)]
const binary =
  (name) =>
  (L, [a, b]) => [L[name](a, b)]

/** Old operators broadcast the second operand from `axis` on. */
const legacy =
  (f) =>
  (L, [a, b], { broadcast, axis = 0 }) => {
    if (!broadcast || b.rank === a.rank) return [f(L, a, b)]
    const at = wrap(axis, a.rank)
    return [
      f(
        L,
        a,
        L.reshape(
          b,
          range(a.rank).map((i) => (i >= at && i < at + b.rank ? b.shape[i - at] : 1)),
        ),
      ),
    ]
  }

const variadic = (f) => (L, inputs) => [inputs.reduce((a, b) => f(L, a, b))]

const divide = (L, a, b) => (isWhole(a) ? L.cast(L.trunc(L.div(a, b)), 'i32') : L.div(a, b))

/** The reduced axes: an input since opset 13 or 18, an attribute before; none means all unless told otherwise. */
const reduction =
  (f) =>
  (L, [x, axesInput], { keepdims = 1, axes: axesAttribute, noop_with_empty_axes: noop = 0 }) => {
    const axes = numbers(axesInput) ?? axesAttribute ?? []
    if (axes.length === 0 && noop) return [L.clone(x)]
    return [
      f(
        L,
        x,
        (axes.length === 0 ? range(x.rank) : axes).map((a) => wrap(a, x.rank)),
        keepdims === 1,
      ),
    ]
  }

/** ONNX gives the identity of max or min for an empty set, PyTorch an error. */
const extreme = (name) =>
  reduction((L, x, axes, keep) => {
    if (axes.some((a) => x.shape[a] === 0)) throw new Unsupported('an extreme of no elements, an error in PyTorch')
    return x.dtype === 'bool' ? L.cast(L[name](L.cast(x, 'i32'), axes, keep), 'bool') : L[name](x, axes, keep)
  })

const argReduce =
  (name) =>
  (L, [x], { axis = 0, keepdims = 1, select_last_index: last = 0 }) => {
    const a = wrap(axis, x.rank)
    if (!last) return [L[name](x, a, keepdims === 1)]
    return [L.sub(x.shape[a] - 1, L[name](L.flip(x, a), a, keepdims === 1))]
  }

/** Padding in ONNX's order [starts..., ends...] as the library's [last start, last end, ...]. */
const padPairs = (starts, ends) =>
  range(starts.length)
    .toReversed()
    .flatMap((i) => [starts[i], ends[i]])

/** Starts and ends of the spatial axes by auto_pad or pads. */
const spatialPads = (x, kernel, { auto_pad: auto = 'NOTSET', pads, strides, dilations }) => {
  const n = kernel.length
  const stride = strides ?? range(n).map(() => 1)
  const dilation = dilations ?? range(n).map(() => 1)
  if (auto === 'NOTSET' || auto === 'VALID') {
    const p = auto === 'VALID' ? undefined : pads
    return {
      stride,
      dilation,
      starts: p?.slice(0, n) ?? range(n).map(() => 0),
      ends: p?.slice(n) ?? range(n).map(() => 0),
    }
  }
  const total = range(n).map((i) => {
    const size = x.shape[i + 2]
    return Math.max(0, (Math.ceil(size / stride[i]) - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - size)
  })
  const small = total.map((t) => Math.floor(t / 2))
  const large = total.map((t, i) => t - small[i])
  return auto === 'SAME_UPPER'
    ? { stride, dilation, starts: small, ends: large }
    : { stride, dilation, starts: large, ends: small }
}

const padBy = (L, x, starts, ends, value = 0) =>
  [...starts, ...ends].some((p) => p !== 0) ? L.pad(x, padPairs(starts, ends), { value }) : x

const convNames = ['conv1d', 'conv2d', 'conv3d']

const conv = (L, [x, w, bias], attrs) => {
  const kernel = w.shape.slice(2)
  const { stride, dilation, starts, ends } = spatialPads(x, kernel, attrs)
  const f = L[convNames[kernel.length - 1]]
  return [f(padBy(L, x, starts, ends), w, bias, { stride, dilation, groups: attrs.group ?? 1 })]
}

const convTranspose = (L, [x, w, bias], attrs) => {
  const kernel = w.shape.slice(2)
  const n = kernel.length
  const stride = attrs.strides ?? range(n).map(() => 1)
  const dilation = attrs.dilations ?? range(n).map(() => 1)
  const extra = attrs.output_padding ?? range(n).map(() => 0)
  const full = L[`convTranspose${n}d`](x, w, bias, { stride, dilation, groups: attrs.group ?? 1 })
  let starts = attrs.pads?.slice(0, n) ?? range(n).map(() => 0)
  let ends = attrs.pads?.slice(n) ?? range(n).map(() => 0)
  const auto = attrs.auto_pad ?? 'NOTSET'
  const wanted =
    attrs.output_shape ?? (auto.startsWith('SAME') ? range(n).map((i) => x.shape[i + 2] * stride[i]) : undefined)
  if (wanted !== undefined) {
    const total = range(n).map((i) => full.shape[i + 2] + extra[i] - wanted[i])
    starts = total.map((t) => (auto === 'SAME_UPPER' ? Math.floor(t / 2) : t - Math.floor(t / 2)))
    ends = total.map((t, i) => t - starts[i])
  }
  // Cutting a border is negative padding; output padding adds rows that only the bias reaches.
  let y = full
  for (const i of range(n)) {
    const size = full.shape[i + 2] - starts[i] - ends[i] + extra[i]
    const missing = Math.max(0, starts[i] + size - full.shape[i + 2])
    if (missing > 0) {
      const value = L.zeros(y.shape.map((s, j) => (j === i + 2 ? missing : s)))
      const rows = bias
        ? L.add(
            value,
            L.reshape(
              bias,
              range(n + 2).map((j) => (j === 1 ? -1 : 1)),
            ),
          )
        : value
      y = L.concat([y, rows], i + 2)
    }
    y = L.slice(y, i + 2, starts[i], starts[i] + size)
  }
  return [y]
}

/** Pooling geometry with ceil mode: the output's size, and padding at the ends that makes every window fit. */
const windows = (x, attrs) => {
  const kernel = attrs.kernel_shape
  const { stride, dilation, starts, ends } = spatialPads(x, kernel, attrs)
  const reach = (i) => (kernel[i] - 1) * dilation[i] + 1
  const sizes = kernel.map((_, i) => {
    const span = x.shape[i + 2] + starts[i] + ends[i] - reach(i)
    const size = (attrs.ceil_mode ? Math.ceil : Math.floor)(span / stride[i]) + 1
    // A window that would begin in the end padding is left out.
    return attrs.ceil_mode && (size - 1) * stride[i] >= x.shape[i + 2] + starts[i] ? size - 1 : size
  })
  const far = kernel.map((_, i) =>
    Math.max(ends[i], (sizes[i] - 1) * stride[i] + reach(i) - x.shape[i + 2] - starts[i]),
  )
  return { kernel, stride, dilation, starts, ends, sizes, far }
}

const cropTo = (L, y, sizes) => sizes.reduce((t, size, i) => L.slice(t, i + 2, 0, size), y)

const sumPool = (L, x, w, padded = padBy(L, x, w.starts, w.far)) => {
  const C = x.shape[1]
  const f = L[convNames[w.kernel.length - 1]]
  return cropTo(
    L,
    f(padded, L.ones([C, 1, ...w.kernel]), null, { stride: w.stride, dilation: w.dilation, groups: C }),
    w.sizes,
  )
}

const averagePool = (L, [x], attrs) => {
  const w = windows(x, attrs)
  const ones = L.ones(x.shape)
  // Padding counts when asked for; what ceil mode adds beyond it never does.
  const counted = attrs.count_include_pad
    ? padBy(
        L,
        L.pad(ones, padPairs(w.starts, w.ends), { value: 1 }),
        w.starts.map(() => 0),
        w.far.map((f, i) => f - w.ends[i]),
      )
    : undefined
  return [L.div(sumPool(L, x, w), sumPool(L, ones, w, counted))]
}

const maxPool = (L, [input], attrs, outputs) => {
  const x = isWhole(input) ? L.cast(input, 'f32') : input
  const w = windows(x, attrs)
  const f = L[`maxPool${w.kernel.length}d`]
  const padded = padBy(L, x, w.starts, w.far, -Infinity)
  if (outputs.length === 1) {
    const y = cropTo(L, f(padded, w.kernel, { stride: w.stride, dilation: w.dilation }), w.sizes)
    return [isWhole(input) ? L.cast(y, 'i32') : y]
  }
  // Indices: the positions of the input pooled along with the values, by comparing each window's elements.
  if (attrs.storage_order || input.shape[0] * input.shape[1] !== 1)
    throw new Unsupported('indices over several planes or in column-major order')
  return L.maxPoolWithIndices(x, w.kernel, { stride: w.stride, dilation: w.dilation, padding: w.starts })
}

const lpPool = (L, [x], { p = 2, ...attrs }) => {
  const w = windows(x, attrs)
  return [L.pow(sumPool(L, L.pow(L.abs(x), p), w), 1 / p)]
}

const globalAxes = (x) => range(x.rank).slice(2)

const along = (L, t, axis, rank) =>
  L.reshape(
    t,
    range(rank).map((i) => (i === axis ? -1 : 1)),
  )

const normalize = (L, x, axes, epsilon) => {
  const centred = L.sub(x, L.mean(x, axes, true))
  return L.div(centred, L.sqrt(L.add(L.mean(L.square(centred), axes, true), epsilon)))
}

const batchNormalization = (
  L,
  [x, scale, bias, mean, variance],
  { epsilon = 1e-5, momentum = 0.9, training_mode: training = 0 },
) => {
  const p = (t) => along(L, t, 1, x.rank)
  const affine = (m, v) => L.add(L.mul(L.div(L.sub(x, p(m)), L.sqrt(L.add(p(v), epsilon))), p(scale)), p(bias))
  if (!training) return [affine(mean, variance)]
  const axes = range(x.rank).filter((i) => i !== 1)
  const m = L.mean(x, axes)
  const v = L.mean(L.square(L.sub(x, p(m))), axes)
  const running = (old, now) => L.add(L.mul(old, momentum), L.mul(now, 1 - momentum))
  return [affine(m, v), running(mean, m), running(variance, v)]
}

const layerNormalization = (L, [x, scale, bias], { axis = -1, epsilon = 1e-5 }) => {
  const axes = range(x.rank).slice(wrap(axis, x.rank))
  const mean = L.mean(x, axes, true)
  const centred = L.sub(x, mean)
  const inverse = L.rsqrt(L.add(L.mean(L.square(centred), axes, true), epsilon))
  const y = L.mul(L.mul(centred, inverse), scale)
  return [bias ? L.add(y, bias) : y, mean, inverse]
}

const rmsNormalization = (L, [x, scale], { axis = -1, epsilon = 1e-5 }) => {
  const axes = range(x.rank).slice(wrap(axis, x.rank))
  return [L.mul(L.mul(x, L.rsqrt(L.add(L.mean(L.square(x), axes, true), epsilon))), scale)]
}

const groupNormalization = (L, [x, scale, bias], { num_groups: G, epsilon = 1e-5 }) => {
  const grouped = L.reshape(x, [x.shape[0], G, -1])
  const y = L.reshape(normalize(L, grouped, [2], epsilon), x.shape)
  return [L.add(L.mul(y, along(L, scale, 1, x.rank)), along(L, bias, 1, x.rank))]
}

const lrn = (L, [x], { size, alpha = 1e-4, beta = 0.75, bias = 1 }) => {
  const before = Math.floor((size - 1) / 2)
  const padded = L.pad(L.square(x), [...range(x.rank - 2).flatMap(() => [0, 0]), before, size - 1 - before])
  const total = range(size)
    .map((i) => L.slice(padded, 1, i, i + x.shape[1]))
    .reduce((a, b) => L.add(a, b))
  return [L.div(x, L.pow(L.add(L.mul(total, alpha / size), bias), beta))]
}

const gemm = (L, [a, b, c], { alpha = 1, beta = 1, transA = 0, transB = 0 }) => {
  const y = L.mul(L.matmul(transA ? L.transpose(a) : a, transB ? L.transpose(b) : b), alpha)
  return [c ? L.add(y, L.mul(c, beta)) : y]
}

/** Attention over [B, heads, T, E], with the score matrix at the stage that is asked for. */
const attention = (L, [Q, K, V, mask, pastKey, pastValue, lengths], attrs, outputs) => {
  const {
    q_num_heads: nQ,
    kv_num_heads: nKv,
    is_causal: causal = 0,
    softcap = 0,
    qk_matmul_output_mode: mode = 0,
  } = attrs
  if (lengths) throw new Unsupported('lengths of padded keys')
  const flat = Q.rank === 3
  const heads = (x, n) => (flat ? L.permute(L.reshape(x, [x.shape[0], x.shape[1], n, -1]), [0, 2, 1, 3]) : x)
  const q = heads(Q, nQ)
  const join = (past, x) => (past ? L.concat([past, x], 2) : x)
  const keys = join(pastKey, heads(K, nKv))
  const values = join(pastValue, heads(V, nKv))
  const group = q.shape[1] / keys.shape[1]
  const spread = (x) => (group === 1 ? x : L.repeatInterleave(x, group, 1))
  const scale = attrs.scale ?? 1 / Math.sqrt(q.shape[3])
  const raw = L.mul(L.matmul(q, L.transpose(spread(keys))), scale)
  const [T, S] = [q.shape[2], keys.shape[2]]
  const past = S - heads(K, nKv).shape[2]
  const bias = (x) => {
    let y = x
    if (mask) {
      const m =
        mask.shape.at(-1) < S
          ? L.pad(mask.dtype === 'bool' ? L.cast(mask, 'f32') : mask, [0, S - mask.shape.at(-1)], {
              value: mask.dtype === 'bool' ? 0 : -Infinity,
            })
          : mask
      const boolean = mask.dtype === 'bool'
      y = boolean ? L.where(L.cast(m, 'bool'), y, -Infinity) : L.add(y, m)
    }
    if (causal) y = L.where(L.cast(L.tril(L.ones([T, S]), past), 'bool'), y, -Infinity)
    return y
  }
  const capped = softcap > 0 ? L.mul(L.tanh(L.div(raw, softcap)), softcap) : raw
  const masked = bias(capped)
  // A row without any key gives zeros.
  const soft = L.softmax(masked, -1)
  const weights = L.where(L.isNan(soft), 0, soft)
  const y = L.matmul(weights, spread(values))
  const back = flat ? L.reshape(L.permute(y, [0, 2, 1, 3]), [y.shape[0], y.shape[2], -1]) : y
  const stage = outputs.length > 3 ? [raw, capped, masked, weights][mode] : undefined
  return [back, keys, values, stage]
}

const activations = (L, names, defaults) =>
  (names ?? defaults).map((name) => {
    const f = { relu: L.relu, sigmoid: L.sigmoid, tanh: L.tanh }[name.toLowerCase()]
    if (f === undefined) throw new Unsupported(`activation ${name}`)
    return f
  })

/** A recurrent net of one forward direction; step(x, states) gives the next states. */
const unroll = (L, X, layout, initial, step) => {
  const x = layout ? L.transpose(X, 0, 1) : X
  let states = initial
  const outputs = []
  for (const t of range(x.shape[0])) outputs.push((states = step(L.select(x, 0, t), states))[0])
  // [T, 1, B, H], or [B, T, 1, H] batch-wise; final states [1, B, H] or [B, 1, H].
  const sequence = L.unsqueeze(L.stack(outputs, 0), 1)
  return [layout ? L.permute(sequence, [2, 0, 1, 3]) : sequence, ...states.map((s) => L.unsqueeze(s, layout ? 1 : 0))]
}

const gates = (L, x, h, W, R, B, count, H) => {
  const w = L.matmul(x, L.transpose(L.select(W, 0, 0)))
  const r = L.matmul(h, L.transpose(L.select(R, 0, 0)))
  const b = B ? L.select(B, 0, 0) : null
  const bias = (offset) => (b ? L.slice(b, 0, offset * H, (offset + 1) * H) : 0)
  const part = (t, i) => L.slice(t, 1, i * H, (i + 1) * H)
  return range(count).map((i) => ({ x: L.add(part(w, i), bias(i)), h: L.add(part(r, i), bias(count + i)) }))
}

const initialState = (L, X, layout, H, state) =>
  state ? L.select(state, layout ? 1 : 0, 0) : L.zeros([X.shape[layout ? 0 : 1], H])

const checkForward = ({ direction = 'forward' }) => {
  if (direction !== 'forward') throw new Unsupported(`direction ${direction}`)
}

const rnn = (L, [X, W, R, B, , h0], attrs) => {
  checkForward(attrs)
  const { hidden_size: H, layout = 0 } = attrs
  const [f] = activations(L, attrs.activations, ['Tanh'])
  return unroll(L, X, layout, [initialState(L, X, layout, H, h0)], (x, [h]) => {
    const [g] = gates(L, x, h, W, R, B, 1, H)
    return [f(L.add(g.x, g.h))]
  })
}

const gru = (L, [X, W, R, B, , h0], attrs) => {
  checkForward(attrs)
  const { hidden_size: H, layout = 0, linear_before_reset: linear = 0 } = attrs
  if (linear) throw new Unsupported('linear_before_reset')
  const [f, g] = activations(L, attrs.activations, ['Sigmoid', 'Tanh'])
  return unroll(L, X, layout, [initialState(L, X, layout, H, h0)], (x, [h]) => {
    const [z, r] = gates(L, x, h, W, R, B, 3, H).map((p) => f(L.add(p.x, p.h)))
    const n = gates(L, x, L.mul(r, h), W, R, B, 3, H)[2]
    return [L.add(L.mul(L.sub(1, z), g(L.add(n.x, n.h))), L.mul(z, h))]
  })
}

const lstm = (L, [X, W, R, B, , h0, c0, P], attrs) => {
  checkForward(attrs)
  const { hidden_size: H, layout = 0 } = attrs
  const [f, g, out] = activations(L, attrs.activations, ['Sigmoid', 'Tanh', 'Tanh'])
  const peep = (i, c) => (P ? L.mul(c, L.slice(L.select(P, 0, 0), 0, i * H, (i + 1) * H)) : 0)
  const states = [initialState(L, X, layout, H, h0), initialState(L, X, layout, H, c0)]
  return unroll(L, X, layout, states, (x, [h, c]) => {
    const [i, o, forget, cell] = gates(L, x, h, W, R, B, 4, H).map((p) => L.add(p.x, p.h))
    const next = L.add(L.mul(f(L.add(forget, peep(2, c))), c), L.mul(f(L.add(i, peep(0, c))), g(cell)))
    return [L.mul(f(L.add(o, peep(1, next))), out(next)), next]
  })
}

const dtypeOf = (code) => {
  if ([1, 10, 11, 16].includes(code)) return 'f32'
  if ([2, 3, 4, 5, 6, 7, 12, 13].includes(code)) return 'i32'
  if (code === 9) return 'bool'
  throw new Unsupported(`element type ${code}`)
}

const losses = (L, logProbabilities, [, target, weight], { reduction = 'mean', ignore_index: ignoreIndex = -100 }) =>
  L.nllLoss(logProbabilities, target, { weight: weight ?? undefined, reduction, ignoreIndex })

const depthToSpace = (L, [x], { blocksize: b, mode = 'DCR' }) => {
  const [N, C, H, W] = x.shape
  const c = C / (b * b)
  const y =
    mode === 'DCR'
      ? L.permute(L.reshape(x, [N, b, b, c, H, W]), [0, 3, 4, 1, 5, 2])
      : L.permute(L.reshape(x, [N, c, b, b, H, W]), [0, 1, 4, 2, 5, 3])
  return [L.reshape(y, [N, c, H * b, W * b])]
}

const spaceToDepth = (L, [x], { blocksize: b }) => {
  const [N, C, H, W] = x.shape
  const y = L.permute(L.reshape(x, [N, C, H / b, b, W / b, b]), [0, 3, 5, 1, 2, 4])
  return [L.reshape(y, [N, C * b * b, H / b, W / b])]
}

/** Resizing as PyTorch has it: whole spatial size, half-pixel or aligned corners. */
const resize = (L, [x, , scales, sizes], attrs) => {
  const {
    mode = 'nearest',
    coordinate_transformation_mode: how = 'half_pixel',
    antialias = 0,
    nearest_mode: nearest = 'round_prefer_floor',
  } = attrs
  if (attrs.axes || attrs.keep_aspect_ratio_policy || attrs.exclude_outside || (attrs.cubic_coeff_a ?? -0.75) !== -0.75)
    throw new Unsupported('resize options that PyTorch lacks')
  if (antialias) throw new Unsupported("antialiasing by another filter than PyTorch's")
  if (x.rank !== 4) throw new Unsupported('resize of other ranks than 4')
  const factors = numbers(scales)
  const size = (numbers(sizes) ?? x.shape.map((n, i) => Math.floor(n * factors[i]))).slice(2)
  if (factors && factors.some((f, i) => Math.floor(x.shape[i] * f) !== x.shape[i] * f))
    throw new Unsupported('scales that do not give whole sizes')
  if (mode === 'nearest') {
    if (how === 'asymmetric' && nearest === 'floor') return [L.interpolate(x, { size, mode: 'nearest' })]
    throw new Unsupported(`nearest with ${how} and ${nearest}`)
  }
  if (!['half_pixel', 'align_corners'].includes(how)) throw new Unsupported(`coordinates ${how}`)
  return [
    L.interpolate(x, {
      size,
      mode: mode === 'linear' ? 'bilinear' : 'bicubic',
      alignCorners: how === 'align_corners',
    }),
  ]
}

const momentumStep = (L, r, t, [x, g, v], { alpha, beta, mode, norm_coefficient: norm }) => {
  const grad = L.add(L.mul(x, norm), g)
  const factor = t > 0 ? beta : 1
  const next = L.add(L.mul(v, alpha), L.mul(grad, factor))
  const step = mode === 'nesterov' ? L.add(grad, L.mul(next, alpha)) : next
  return [L.sub(x, L.mul(step, r)), next]
}

const adagradStep = (L, r, t, [x, g, h], { decay_factor: decay = 0, epsilon = 1e-6, norm_coefficient: norm = 0 }) => {
  const grad = L.add(L.mul(x, norm), g)
  const next = L.add(h, L.square(grad))
  return [L.sub(x, L.mul(L.div(grad, L.add(L.sqrt(next), epsilon)), r / (1 + t * decay))), next]
}

const adamStep = (L, r, t, [x, g, v, h], { alpha = 0.9, beta = 0.999, epsilon = 1e-6, norm_coefficient: norm = 0 }) => {
  const grad = L.add(L.mul(x, norm), g)
  const m = L.add(L.mul(v, alpha), L.mul(grad, 1 - alpha))
  const s = L.add(L.mul(h, beta), L.mul(L.square(grad), 1 - beta))
  const rate = t > 0 ? (r * Math.sqrt(1 - beta ** t)) / (1 - alpha ** t) : r
  return [L.sub(x, L.div(L.mul(m, rate), L.add(L.sqrt(s), epsilon))), m, s]
}

/** Optimizers take rate, step count, then each role's tensors of all parameters; the results come back in that order. */
const optimizer =
  (step, roles) =>
  (L, [r, t, ...rest], attrs) => {
    const count = rest.length / roles
    const results = range(count).map((i) =>
      step(
        L,
        first(r),
        first(t),
        range(roles).map((j) => rest[j * count + i]),
        attrs,
      ),
    )
    return range(roles - 1).flatMap((j) => results.map((list) => list[j]))
  }

const fromAttribute = (L, { tensor }) => toTensor(L, tensor)

const window =
  (f) =>
  (L, [size], { periodic = 1 }) => {
    const n = first(size)
    const N = periodic ? n : n - 1
    return [f(L, L.mul(L.arange(0, n), (2 * Math.PI) / N))]
  }

const rotary = (
  L,
  [X, cosCache, sinCache, positions],
  { interleaved = 0, rotary_embedding_dim: width = 0, num_heads: heads = 0 },
) => {
  const x = X.rank === 3 ? L.permute(L.reshape(X, [X.shape[0], X.shape[1], heads, -1]), [0, 2, 1, 3]) : X
  const D = width || x.shape[3]
  const rotated = L.slice(x, 3, 0, D)
  const cache = (t) => {
    const rows = positions ? L.reshape(L.indexSelect(t, 0, L.reshape(positions, [-1])), [...positions.shape, -1]) : t
    return L.unsqueeze(L.slice(rows, -1, 0, D / 2), 1)
  }
  const [cos, sin] = [cache(cosCache), cache(sinCache)]
  const [a, b] = interleaved
    ? [L.slice(rotated, 3, 0, D, 2), L.slice(rotated, 3, 1, D, 2)]
    : [L.slice(rotated, 3, 0, D / 2), L.slice(rotated, 3, D / 2, D)]
  const real = L.sub(L.mul(a, cos), L.mul(b, sin))
  const imaginary = L.add(L.mul(a, sin), L.mul(b, cos))
  const both = interleaved ? L.reshape(L.stack([real, imaginary], 4), rotated.shape) : L.concat([real, imaginary], 3)
  const y = D < x.shape[3] ? L.concat([both, L.slice(x, 3, D)], 3) : both
  return [X.rank === 3 ? L.reshape(L.permute(y, [0, 2, 1, 3]), X.shape) : y]
}

const flatRows = (L, shape, indices, batch = 0) => {
  const depth = indices.shape.at(-1)
  const inner = shape.slice(batch)
  let flat = L.zeros(indices.shape.slice(0, -1), { dtype: 'i32' })
  for (const i of range(depth)) {
    const part = L.select(indices, -1, i)
    flat = L.add(L.mul(flat, inner[i]), L.where(L.lt(part, 0), L.add(part, inner[i]), part))
  }
  if (batch > 0) {
    const step = product(inner.slice(0, depth))
    const base = L.tensor(
      range(product(shape.slice(0, batch))).map((i) => i * step),
      { dtype: 'i32', shape: [...shape.slice(0, batch), ...range(flat.rank - batch).map(() => 1)] },
    )
    flat = L.add(flat, base)
  }
  return { flat: L.reshape(flat, [-1]), rest: inner.slice(depth) }
}

const gatherNd = (L, [x, indices], { batch_dims: batch = 0 }) => {
  const { flat, rest } = flatRows(L, x.shape, indices, batch)
  const rows = L.reshape(x, [-1, product(rest)])
  return [L.reshape(L.indexSelect(rows, 0, flat), [...indices.shape.slice(0, -1), ...rest])]
}

const scatterInto = (L, x, axis, index, updates, reduction) => {
  if (reduction === 'none') return L.scatter(x, axis, { index, source: updates })
  if (reduction === 'add') return L.scatterAdd(x, axis, { index, source: updates })
  throw new Unsupported(`scatter by ${reduction}`)
}

const positive = (L, indices, size) => L.where(L.lt(indices, 0), L.add(indices, size), indices)

const scatterElements = (L, [x, indices, updates], { axis = 0, reduction = 'none' }) => {
  const a = wrap(axis, x.rank)
  return [scatterInto(L, x, a, positive(L, indices, x.shape[a]), updates, reduction)]
}

const scatterNd = (L, [x, indices, updates], { reduction = 'none' }) => {
  const { flat, rest } = flatRows(L, x.shape, indices)
  const width = product(rest)
  const index = L.clone(L.expand(L.reshape(flat, [-1, 1]), [flat.size, width]))
  return [
    L.reshape(scatterInto(L, L.reshape(x, [-1, width]), 0, index, L.reshape(updates, [-1, width]), reduction), x.shape),
  ]
}

const gather = (L, [x, indices], { axis = 0 }) => {
  const a = wrap(axis, x.rank)
  const y = L.indexSelect(x, a, L.reshape(positive(L, indices, x.shape[a]), [-1]))
  return [L.reshape(y, [...x.shape.slice(0, a), ...indices.shape, ...x.shape.slice(a + 1)])]
}

const pad = (
  L,
  [x, padsInput, value, axesInput],
  { mode = 'constant', pads: attribute, value: attributeValue = 0 },
) => {
  const pads = numbers(padsInput) ?? attribute
  const axes = (numbers(axesInput) ?? range(x.rank)).map((a) => wrap(a, x.rank))
  const n = axes.length
  const starts = range(x.rank).map((i) => (axes.includes(i) ? pads[axes.indexOf(i)] : 0))
  const ends = range(x.rank).map((i) => (axes.includes(i) ? pads[n + axes.indexOf(i)] : 0))
  const modes = { constant: 'constant', edge: 'replicate', reflect: 'reflect', wrap: 'circular' }
  const pairs = padPairs(starts, ends)
  while (mode !== 'constant' && pairs.length > 2 && pairs.at(-1) === 0 && pairs.at(-2) === 0) pairs.length -= 2
  return [L.pad(x, pairs, { mode: modes[mode], value: first(value) ?? attributeValue })]
}

const sliceBy = (L, [x, starts, ends, axesInput, stepsInput], attrs) => {
  const from = numbers(starts) ?? attrs.starts
  const axes = numbers(axesInput) ?? attrs.axes ?? range(from.length)
  const steps = numbers(stepsInput) ?? from.map(() => 1)
  const to = numbers(ends) ?? attrs.ends
  return [
    from.reduce((y, start, i) => {
      const size = y.shape[wrap(axes[i], y.rank)]
      // A negative end below the start of the axis means: all the way, when walking backwards.
      const end = steps[i] < 0 && to[i] < -size ? undefined : to[i]
      return L.slice(y, axes[i], start, end, steps[i])
    }, L.clone(x)),
  ]
}

const split = (L, [x, sizesInput], { axis = 0, num_outputs: count, split: attribute }, outputs) => {
  const a = wrap(axis, x.rank)
  const parts = count ?? outputs.length
  const size = Math.ceil(x.shape[a] / parts)
  const sizes = numbers(sizesInput) ?? attribute ?? range(parts).map((i) => Math.min(size, x.shape[a] - i * size))
  return L.split(x, sizes, a)
}

const oneHot = (L, [indices, depthInput, values], { axis = -1 }) => {
  const depth = first(depthInput)
  const [off, on] = numbers(values)
  const whole = L.cast(indices, 'i32')
  const classes = L.arange(0, depth, 1, { dtype: 'i32' })
  const a = wrap(axis, indices.rank + 1)
  const hit = L.eq(L.unsqueeze(positive(L, whole, depth), a), along(L, classes, a, indices.rank + 1))
  return [L.cast(L.where(hit, on, off), values.dtype)]
}

const reverseSequence = (L, [x, lengths], { batch_axis: b = 1, time_axis: t = 0 }) => {
  const rows = numbers(lengths).map((n, i) => {
    const row = L.slice(x, b, i, i + 1)
    return L.concat([L.flip(L.slice(row, t, 0, n), t), L.slice(row, t, n)], t)
  })
  return [L.concat(rows, b)]
}

const hardmax = (L, [x], { axis = -1 }) => {
  const a = wrap(axis, x.rank)
  const index = L.argmax(x, a, true)
  return [L.cast(L.eq(index, along(L, L.arange(0, x.shape[a], 1, { dtype: 'i32' }), a, x.rank)), 'f32')]
}

const bitShift = (L, [a, b], { direction }, outputs) => {
  const width = { u8: 8, u16: 16 }[outputs[0].dtype]
  const y =
    direction === 'LEFT'
      ? L.mul(a, L.cast(L.pow(2, L.cast(b, 'f32')), 'i32'))
      : L.floorDivide(a, L.cast(L.pow(2, L.cast(b, 'f32')), 'i32'))
  return [width ? L.remainder(y, 2 ** width) : y]
}

const clip = (L, [x, low, high], { min, max }) => [
  L.clamp(x, first(low) ?? min ?? -Infinity, first(high) ?? max ?? Infinity),
]

const quantizeLinear = (L, [x, scale, zero], { axis = 1, block_size: block = 0 }, outputs) => {
  const [low, high] = { u8: [0, 255], i8: [-128, 127], u16: [0, 65535], i16: [-32768, 32767] }[outputs[0].dtype] ?? []
  if (low === undefined) throw new Unsupported(`quantisation to ${outputs[0].dtype}`)
  const p = quantizer(L, x, axis, block)
  const y = L.round(L.div(x, p(scale)))
  return [L.cast(L.clamp(zero ? L.add(y, p(L.cast(zero, 'f32'))) : y, low, high), 'i32')]
}

const dequantizeLinear = (L, [x, scale, zero], { axis = 1, block_size: block = 0 }) => {
  const p = quantizer(L, x, axis, block)
  const whole = L.cast(x, 'f32')
  return [L.mul(zero ? L.sub(whole, p(L.cast(zero, 'f32'))) : whole, p(scale))]
}

/** A quantisation parameter laid out for a tensor: one, one per slice of an axis, or one per block along it. */
const quantizer = (L, x, axis, block) => (t) => {
  if (t.rank === 0) return t
  const a = wrap(axis, x.rank)
  return block ? L.repeatInterleave(t, block, a) : along(L, t, a, x.rank)
}

const cumulative =
  (name) =>
  (L, [x, axisInput], { exclusive = 0, reverse = 0 }) => {
    const axis = wrap(first(axisInput), x.rank)
    const turned = reverse ? L.flip(x, axis) : x
    let y = L[name](turned, axis)
    if (exclusive) {
      const unit = L.slice(y, axis, 0, 1)
      const start = L.cast(L.full(unit.shape, name === 'cumsum' ? 0 : 1), y.dtype)
      y = L.concat([start, L.slice(y, axis, 0, y.shape[axis] - 1)], axis)
    }
    return [reverse ? L.flip(y, axis) : y]
  }

const centerCropPad = (L, [x, sizeInput], { axes: given }) => {
  const axes = (given ?? range(x.rank)).map((a) => wrap(a, x.rank))
  return [
    numbers(sizeInput).reduce((y, size, i) => {
      const axis = axes[i]
      const have = y.shape[axis]
      if (size <= have) {
        const start = Math.floor((have - size) / 2)
        return L.slice(y, axis, start, start + size)
      }
      const before = Math.floor((size - have) / 2)
      const zero = (n) => L.zeros(y.shape.map((s, j) => (j === axis ? n : s)))
      return L.concat([zero(before), y, zero(size - have - before)], axis)
    }, x),
  ]
}

const compare =
  (name) =>
  (L, [a, b]) => [L[name](a.dtype === 'bool' ? L.cast(a, 'i32') : a, b.dtype === 'bool' ? L.cast(b, 'i32') : b)]

/** Per operator: (L, inputs, attributes, expected outputs) to outputs. */
const operators = {
  Abs: unary('abs'),
  Acos: unary('acos'),
  Acosh: unary('acosh'),
  Asin: unary('asin'),
  Asinh: unary('asinh'),
  Atan: unary('atan'),
  Atanh: unary('atanh'),
  Ceil: unary('ceil'),
  Cos: unary('cos'),
  Cosh: unary('cosh'),
  Erf: unary('erf'),
  Exp: unary('exp'),
  Floor: unary('floor'),
  Log: unary('log'),
  Neg: unary('neg'),
  Mish: unary('mish'),
  Reciprocal: unary('reciprocal'),
  Relu: unary('relu'),
  Round: unary('round'),
  Sigmoid: unary('sigmoid'),
  Sign: unary('sign'),
  Sin: unary('sin'),
  Sinh: unary('sinh'),
  Softplus: unary('softplus'),
  Softsign: unary('softsign'),
  Sqrt: unary('sqrt'),
  Tan: unary('tan'),
  Tanh: unary('tanh'),
  HardSwish: unary('hardswish'),
  IsNaN: unary('isNan'),
  Not: unary('logicalNot'),
  BitwiseNot: (L, [x], _, [y]) => [L.sub({ u8: 255, u16: 65535 }[y.dtype] ?? -1, x)],
  Identity: (L, [x]) => [L.clone(x)],
  Add: legacy((L, a, b) => L.add(a, b)),
  Sub: legacy((L, a, b) => L.sub(a, b)),
  Mul: legacy((L, a, b) => L.mul(a, b)),
  Div: legacy(divide),
  Pow: (L, [a, b]) => [
    isWhole(a) ? L.cast(L.round(L.pow(L.cast(a, 'f32'), L.cast(b, 'f32'))), 'i32') : L.pow(a, L.cast(b, 'f32')),
  ],
  And: binary('logicalAnd'),
  Or: binary('logicalOr'),
  Xor: binary('logicalXor'),
  BitwiseAnd: binary('bitwiseAnd'),
  BitwiseOr: binary('bitwiseOr'),
  BitwiseXor: binary('bitwiseXor'),
  BitShift: bitShift,
  Equal: compare('eq'),
  Greater: compare('gt'),
  GreaterOrEqual: compare('ge'),
  Less: compare('lt'),
  LessOrEqual: compare('le'),
  Mod: (L, [a, b], { fmod = 0 }) => [
    fmod ? (isWhole(a) ? L.sub(a, L.mul(b, divide(L, a, b))) : L.fmod(a, b)) : L.remainder(a, b),
  ],
  Max: variadic((L, a, b) => L.maximum(a, b)),
  Min: variadic((L, a, b) => L.minimum(a, b)),
  Sum: variadic((L, a, b) => L.add(a, b)),
  Mean: (L, inputs) => [
    L.div(
      inputs.reduce((a, b) => L.add(a, b)),
      inputs.length,
    ),
  ],
  Where: (L, [c, a, b]) => [L.where(c, a, b)],
  Celu: (L, [x], { alpha = 1 }) => [L.celu(x, alpha)],
  Elu: (L, [x], { alpha = 1 }) => [L.elu(x, alpha)],
  Gelu: (L, [x], { approximate = 'none' }) => [L.gelu(x, { approximate })],
  HardSigmoid: (L, [x], { alpha = 0.2, beta = 0.5 }) => [L.clamp(L.add(L.mul(x, alpha), beta), 0, 1)],
  LeakyRelu: (L, [x], { alpha = 0.01 }) => [L.leakyRelu(x, alpha)],
  PRelu: (L, [x, slope]) => [
    L.where(
      L.lt(x, 0),
      L.mul(
        x,
        slope.rank === 1 && x.rank > 1 && slope.shape[0] !== x.shape.at(-1) ? along(L, slope, 1, x.rank) : slope,
      ),
      x,
    ),
  ],
  Selu: (L, [x], { alpha = 1.67326319217681884765625, gamma = 1.05070102214813232421875 }) => [
    L.mul(L.where(L.gt(x, 0), x, L.mul(L.expm1(x), alpha)), gamma),
  ],
  Shrink: (L, [x], { lambd = 0.5, bias = 0 }) => [
    L.where(L.gt(x, lambd), L.sub(x, bias), L.where(L.lt(x, -lambd), L.add(x, bias), 0)),
  ],
  Swish: (L, [x], { alpha = 1 }) => [L.mul(x, L.sigmoid(L.mul(x, alpha)))],
  SwiGLU: (L, [a, b], { alpha = 1 }) => [L.mul(L.mul(a, L.sigmoid(L.mul(a, alpha))), b)],
  ThresholdedRelu: (L, [x], { alpha = 1 }) => [L.where(L.gt(x, alpha), x, 0)],
  Binarizer: (L, [x], { threshold = 0 }) => [L.cast(L.gt(x, threshold), 'f32')],
  Clip: clip,
  IsInf: (L, [x], { detect_negative: low = 1, detect_positive: high = 1 }) => [
    L.logicalOr(low ? L.eq(x, -Infinity) : L.lt(x, -Infinity), high ? L.eq(x, Infinity) : L.gt(x, Infinity)),
  ],
  Softmax: (L, [x], { axis = -1 }) => [L.softmax(x, axis)],
  LogSoftmax: (L, [x], { axis = -1 }) => [L.logSoftmax(x, axis)],
  Hardmax: hardmax,
  ArgMax: argReduce('argmax'),
  ArgMin: argReduce('argmin'),
  ReduceSum: reduction((L, x, axes, keep) => L.sum(x, axes, keep)),
  ReduceMean: reduction((L, x, axes, keep) => L.mean(x, axes, keep)),
  ReduceMax: extreme('amax'),
  ReduceMin: extreme('amin'),
  ReduceProd: reduction((L, x, axes, keep) =>
    axes.toSorted((a, b) => b - a).reduce((y, axis) => L.prod(y, axis, keep), x),
  ),
  ReduceL1: reduction((L, x, axes, keep) => L.sum(L.abs(x), axes, keep)),
  ReduceL2: reduction((L, x, axes, keep) => L.sqrt(L.sum(L.square(x), axes, keep))),
  ReduceSumSquare: reduction((L, x, axes, keep) => L.sum(L.square(x), axes, keep)),
  ReduceLogSum: reduction((L, x, axes, keep) => L.log(L.sum(x, axes, keep))),
  ReduceLogSumExp: reduction((L, x, axes, keep) => L.logSumExp(x, axes, keep)),
  CumSum: cumulative('cumsum'),
  CumProd: cumulative('cumprod'),
  LpNormalization: (L, [x], { axis = -1, p = 2 }) => {
    const norm = p === 1 ? L.sum(L.abs(x), axis, true) : L.sqrt(L.sum(L.square(x), axis, true))
    return [L.where(L.eq(norm, 0), 0, L.div(x, norm))]
  },
  MeanVarianceNormalization: (L, [x], { axes = [0, 2, 3] }) => [normalize(L, x, axes, 1e-9)],
  Conv: conv,
  ConvTranspose: convTranspose,
  AveragePool: averagePool,
  MaxPool: maxPool,
  LpPool: lpPool,
  GlobalAveragePool: (L, [x]) => [L.mean(x, globalAxes(x), true)],
  GlobalMaxPool: (L, [x]) => [L.amax(x, globalAxes(x), true)],
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  LRN: lrn,
  InstanceNormalization: (L, [x, scale, bias], { epsilon = 1e-5 }) => [
    L.instanceNorm(x, { weight: scale, bias, eps: epsilon }),
  ],
  MatMul: binary('matmul'),
  Gemm: gemm,
  Einsum: (L, inputs, { equation }) => [L.einsum(equation, inputs)],
  Attention: attention,
  RotaryEmbedding: rotary,
  RNN: rnn,
  GRU: gru,
  LSTM: lstm,
  Cast: (L, [x], { to }) => [L.cast(x, dtypeOf(to))],
  CastLike: (L, [x, like]) => [L.cast(x, like.dtype)],
  Constant: (L, _, { value }) => [fromAttribute(L, value)],
  ConstantOfShape: (L, [shape], { value }) => {
    const v = value ? fromAttribute(L, value) : L.tensor([0])
    return [L.full(numbers(shape), first(v), { dtype: v.dtype })]
  },
  Range: (L, [start, limit, delta]) => [L.arange(first(start), first(limit), first(delta), { dtype: start.dtype })],
  EyeLike: (L, [x], { k = 0, dtype }) => [
    L.tensor(
      range(x.size).map((i) => Number((i % x.shape[1]) - Math.floor(i / x.shape[1]) === k)),
      { shape: x.shape, dtype: dtype ? dtypeOf(dtype) : x.dtype },
    ),
  ],
  Shape: (L, [x], { start = 0, end = x.rank }) => [L.tensor(x.shape.slice(start, end), { dtype: 'i32' })],
  Size: (L, [x]) => [L.tensor(x.size, { dtype: 'i32' })],
  Reshape: (L, [x, shape], { allowzero = 0 }) => [
    L.reshape(
      x,
      numbers(shape).map((n, i) => (n === 0 && !allowzero ? x.shape[i] : n)),
    ),
  ],
  Flatten: (L, [x], { axis = 1 }) => {
    const a = wrap(axis, x.rank)
    return [L.reshape(x, [product(x.shape.slice(0, a)), product(x.shape.slice(a))])]
  },
  Transpose: (L, [x], { perm = range(x.rank).toReversed() }) => [L.permute(x, perm)],
  Squeeze: (L, [x, axesInput], { axes: attribute }) => {
    const axes = (numbers(axesInput) ?? attribute ?? range(x.rank).filter((i) => x.shape[i] === 1)).map((a) =>
      wrap(a, x.rank),
    )
    return [
      L.reshape(
        x,
        x.shape.filter((_, i) => !axes.includes(i)),
      ),
    ]
  },
  Unsqueeze: (L, [x, axesInput], { axes: attribute }) => {
    const list = numbers(axesInput) ?? attribute
    const axes = list.map((a) => wrap(a, x.rank + list.length)).toSorted((a, b) => a - b)
    return [axes.reduce((y, a) => L.unsqueeze(y, a), x)]
  },
  Expand: (L, [x, shape]) => [L.add(x, L.zeros(numbers(shape), { dtype: x.dtype }))],
  Tile: (L, [x, repeats]) => [L.tile(x, numbers(repeats))],
  Concat: (L, inputs, { axis }) => [L.concat(inputs, axis)],
  Split: split,
  Slice: sliceBy,
  Pad: pad,
  CenterCropPad: centerCropPad,
  Gather: gather,
  GatherElements: (L, [x, indices], { axis = 0 }) => [
    L.gather(x, axis, positive(L, indices, x.shape[wrap(axis, x.rank)])),
  ],
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: scatterNd,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
  Compress: (L, [x, condition], { axis }) => {
    const keep = numbers(condition).flatMap((v, i) => (v ? [i] : []))
    const index = L.tensor(keep, { dtype: 'i32' })
    return [
      axis === undefined ? L.indexSelect(L.reshape(x, [-1]), 0, index) : L.indexSelect(x, wrap(axis, x.rank), index),
    ]
  },
  ArrayFeatureExtractor: (L, [x, index]) => [L.indexSelect(x, x.rank - 1, L.reshape(index, [-1]))],
  NonZero: (L, [x]) => [L.transpose(L.nonzero(x))],
  TopK: (L, [x, k], { axis = -1, largest = 1 }) => {
    const { values, indices } = L.topk(x, first(k), { axis, largest: largest === 1 })
    return [values, indices]
  },
  Trilu: (L, [x, k], { upper = 1 }) => [upper ? L.triu(x, first(k) ?? 0) : L.tril(x, first(k) ?? 0)],
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Resize: resize,
  GridSample: (L, [x, grid], { mode = 'linear', padding_mode: paddingMode = 'zeros', align_corners: corners = 0 }) => {
    if (x.rank !== 4) throw new Unsupported('sampling grids of three dimensions')
    const names = { linear: 'bilinear', bilinear: 'bilinear', cubic: 'bicubic', bicubic: 'bicubic', nearest: 'nearest' }
    return [L.gridSample(x, grid, { mode: names[mode], paddingMode, alignCorners: corners === 1 })]
  },
  AffineGrid: (L, [theta, size], { align_corners: corners = 0 }) => {
    if (numbers(size).length !== 4) throw new Unsupported('affine grids of three dimensions')
    return [L.affineGrid(theta, numbers(size), { alignCorners: corners === 1 })]
  },
  Col2Im: (L, [x, image, block], { dilations, pads, strides }) => {
    if (numbers(image).length !== 2) throw new Unsupported('columns of other than two dimensions')
    if (pads && (pads[0] !== pads[2] || pads[1] !== pads[3])) throw new Unsupported('uneven padding')
    return [
      L.fold(x, numbers(image), {
        kernelSize: numbers(block),
        dilation: dilations ?? 1,
        padding: pads?.slice(0, 2) ?? 0,
        stride: strides ?? 1,
      }),
    ]
  },
  NegativeLogLikelihoodLoss: (L, inputs, attrs) => [losses(L, inputs[0], inputs, attrs)],
  SoftmaxCrossEntropyLoss: (L, inputs, attrs) => {
    const logProbabilities = L.logSoftmax(inputs[0], 1)
    return [losses(L, logProbabilities, inputs, attrs), logProbabilities]
  },
  Momentum: optimizer(momentumStep, 3),
  Adagrad: optimizer(adagradStep, 3),
  Adam: optimizer(adamStep, 4),
  Dropout: (L, [x, , training]) => {
    if (training && first(training)) {
      // Only a ratio of 0 has one right answer.
      return [L.clone(x), L.ones(x.shape, { dtype: 'bool' })]
    }
    return [L.clone(x), L.ones(x.shape, { dtype: 'bool' })]
  },
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  HannWindow: window((L, a) => L.sub(0.5, L.mul(L.cos(a), 0.5))),
  HammingWindow: window((L, a) => L.sub(25 / 46, L.mul(L.cos(a), 21 / 46))),
  BlackmanWindow: window((L, a) => L.add(L.sub(0.42, L.mul(L.cos(a), 0.5)), L.mul(L.cos(L.mul(a, 2)), 0.08))),
  SequenceConstruct: (_, inputs) => [inputs],
  SequenceEmpty: () => [[]],
  SequenceInsert: (L, [list, x, at]) => [list.toSpliced(at ? first(at) : list.length, 0, x)],
  SequenceErase: (L, [list, at]) => [at ? list.toSpliced(first(at), 1) : list.slice(0, -1)],
  SequenceAt: (L, [list, at]) => [list.at(first(at))],
  SequenceLength: (L, [list]) => [L.tensor(list.length, { dtype: 'i32' })],
  ConcatFromSequence: (L, [list], { axis, new_axis: stacked = 0 }) => [
    stacked ? L.stack(list, axis) : L.concat(list, axis),
  ],
  SplitToSequence: (L, [x, sizes], { axis = 0, keepdims = 1 }) => {
    const parts = sizes ? L.split(x, sizes.rank === 0 ? first(sizes) : numbers(sizes), axis) : L.split(x, 1, axis)
    return [sizes || keepdims ? parts : parts.map((p) => L.squeeze(p, wrap(axis, x.rank)))]
  },
}

/** Runs a graph node by node; values are known by name. */
const runGraph = (L, inputs, test) => {
  const values = new Map(test.inputs.map((t, i) => [t.name, inputs[i]]))
  for (const node of test.graph) {
    const f = operators[node.op]
    if (f === undefined) throw new Unsupported(`no ${node.op} here`)
    const outputs = f(
      L,
      node.inputs.map((name) => (name === '' ? null : values.get(name))),
      node.attrs ?? {},
      node.outputs.map(() => ({})),
    )
    node.outputs.forEach((name, i) => values.set(name, outputs[i]))
  }
  return test.outputs.map((t) => values.get(t.name))
}

/** Runs an ONNX case; gives its outputs. */
export const onnx = (L, op, inputs, test) => {
  if (test.graph !== undefined) return runGraph(L, inputs, test)
  const run = operators[op]
  if (run === undefined) throw new Unsupported(`no ${op} here`)
  return run(
    L,
    inputs,
    test.attrs ?? {},
    test.outputs.map((t) => t ?? {}),
  )
}
