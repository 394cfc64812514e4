// jax-js on its WebAssembly device. Every use of an array consumes it unless it is taken by `.ref`.
import { values } from '../workloads.mjs'

// jax-js 0.1.25 looks for WebGPU on a global that Node 20 lacks.
globalThis.navigator ??= {}
const { defaultDevice, init, jit, lax, nn, numpy: np } = await import('@jax-js/jax')

export const start = async () => {
  await init('wasm')
  defaultDevice('wasm')
}

const make = (shape, seed) => np.array(values(shape, seed)).reshape(shape)

const one = (f) => (spec) => [f, [make(spec.input, 1)]]

const kinds = {
  matmul: (spec) => [(a, b) => np.matmul(a, b), [make(spec.a, 1), make(spec.b, 2)]],
  conv2d: ({ input, weight, stride, padding, groups }) =>
    groups === 1 && [
      (x, w) =>
        lax.conv(
          x,
          w,
          [stride, stride],
          [
            [padding, padding],
            [padding, padding],
          ],
        ),
      [make(input, 1), make(weight, 2)],
    ],
  add: (spec) => [(a, b) => a.add(b), [make(spec.input, 1), make(spec.input, 2)]],
  relu: one((x) => nn.relu(x)),
  exp: one((x) => np.exp(x)),
  tanh: one((x) => np.tanh(x)),
  sigmoid: one((x) => nn.sigmoid(x)),
  softmax: one((x) => nn.softmax(x, -1)),
  sum: (spec) => one((x) => np.sum(x, spec.axis))(spec),
}

export const prepare = (spec) => {
  const found = kinds[spec.kind]?.(spec)
  if (!found) return undefined
  const [f, inputs] = found
  const compiled = jit(f)
  const call = () => compiled(...inputs.map((x) => x.ref))
  const run = async () => {
    const y = call()
    await y.blockUntilReady()
    y.dispose()
  }
  return { run, read: () => call().data() }
}
