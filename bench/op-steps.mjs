// One call of each op that training leans on, forward and backward, as an application would write it; torch_op_steps.py has
// the same in PyTorch.
import * as L from '@lanewise/core'
import { values } from './values.mjs'

const leaf = (shape, seed = 1) => L.keep(L.tensor(values(shape, seed), { shape })).requiresGrad_()

/** `f` alone, nothing recorded. */
const forward = (f) => () => L.noGrad(() => L.scope(() => void f()))

/** `f`, and the gradients of `leaves` for an output gradient of ones. */
const both = (leaves, f) => {
  let dy
  return () =>
    L.scope(() => {
      const y = f()
      dy ??= L.keep(L.onesLike(y))
      y.backward(dy)
      for (const x of leaves) {
        x.grad?.dispose()
        x.grad = null
      }
    })
}

const unary = (f) => () => {
  const x = leaf([1 << 20])
  return both([x], () => f(x))
}

const classes = (count, most) => L.keep(L.tensor(Int32Array.from({ length: count }, (_, i) => (i * 7) % most)))

const attention = (wrap, options) => () => {
  const [q, k, v] = [1, 2, 3].map((seed) => leaf([8, 4, 128, 32], seed))
  return wrap([q, k, v], () => L.scaledDotProductAttention(q, k, v, options))
}

/** Backward and a step of the optimizer belong together elsewhere; here the gradients stay as they are. */
const update = (optimizer, count, size) => () => {
  const params = Array.from({ length: count }, (_, i) => leaf([size], i))
  for (const p of params) p.grad = L.keep(L.tensor(values([size], 99), { shape: [size] }))
  const own = optimizer(params)
  return () => own.step()
}

const normed = (shape, affine, f) => () => {
  const [x, weight, bias] = [leaf(shape), leaf(affine, 2), leaf(affine, 3)]
  return both([x, weight, bias], () => f(x, { weight, bias }))
}

const images = (f) => () => {
  const x = leaf([32, 32, 28, 28])
  return both([x], () => f(x))
}

const entropy = (n, c) => () => {
  const [x, t] = [leaf([n, c]), classes(n, c)]
  return both([x], () => L.crossEntropy(x, t))
}

const { adam, adamw, sgd } = L.optim

export const steps = {
  attention_forward: attention((_, f) => forward(f), {}),
  attention_causal_forward: attention((_, f) => forward(f), { isCausal: true }),
  attention: attention(both, {}),
  attention_causal: attention(both, { isCausal: true }),
  layer_norm: normed([32, 128, 256], [256], (x, options) => L.layerNorm(x, [256], options)),
  group_norm: normed([32, 64, 28, 28], [64], (x, options) => L.groupNorm(x, 8, options)),
  batch_norm: () => {
    const [x, layer] = [leaf([32, 64, 28, 28]), new L.BatchNorm2d(64)]
    return both([x, layer.weight, layer.bias], () => layer.forward(x))
  },
  softmax: () => {
    const x = leaf([64, 128, 512])
    return both([x], () => L.softmax(x))
  },
  max_pool_2: images((x) => L.maxPool2d(x, 2)),
  max_pool_3_stride_2: images((x) => L.maxPool2d(x, 3, { stride: 2, padding: 1 })),
  avg_pool_2: images((x) => L.avgPool2d(x, 2)),
  cross_entropy_512x1000: entropy(512, 1000),
  cross_entropy_64x10: entropy(64, 10),
  embedding: () => {
    const [weight, t] = [leaf([5000, 128]), classes(4096, 5000)]
    return both([weight], () => L.embedding(t, weight))
  },
  relu: unary((x) => L.relu(x)),
  sigmoid: unary((x) => L.sigmoid(x)),
  tanh: unary((x) => L.tanh(x)),
  silu: unary((x) => L.silu(x)),
  gelu: unary((x) => L.gelu(x)),
  softplus: unary((x) => L.softplus(x)),
  dropout: unary((x) => L.dropout(x, 0.5)),
  sgd_20x50000: update(sgd({ lr: 1e-3, momentum: 0.9 }), 20, 50_000),
  adam_20x50000: update(adam({ lr: 1e-3 }), 20, 50_000),
  adamw_20x50000: update(adamw({ lr: 1e-3 }), 20, 50_000),
  adam_60x1000: update(adam({ lr: 1e-3 }), 60, 1000),
  clip_grad_norm_20x50000: () => {
    const params = Array.from({ length: 20 }, (_, i) => leaf([50_000], i))
    for (const p of params) p.grad = L.keep(L.tensor(values([50_000], 99), { shape: [50_000] }))
    return () => L.scope(() => void L.optim.clipGradNorm(params, 1))
  },
}
