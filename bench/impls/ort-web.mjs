// onnxruntime-web, WebAssembly, one thread. Each workload is a model of one node, written here as protobuf bytes.
import * as ort from 'onnxruntime-web'
import { values } from '../workloads.mjs'

export const start = () => {
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
}

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))])
const field = (number, payload) => [...varint(number * 8 + 2), ...varint(payload.length), ...payload]
const integer = (number, value) => [...varint(number * 8), ...varint(value)]
const text = (number, value) => field(number, [...new TextEncoder().encode(value)])

/** AttributeProto: 7 INTS, 2 INT, 1 FLOAT by type. */
const attribute = (name, value) => {
  if (Array.isArray(value)) return [...text(1, name), ...value.flatMap((item) => integer(8, item)), ...integer(20, 7)]
  return [...text(1, name), ...integer(3, value), ...integer(20, 2)]
}

/** ValueInfoProto of an f32 tensor. */
const valueInfo = (name, shape) => {
  const dims = shape.flatMap((size) => field(1, integer(1, size)))
  return [...text(1, name), ...field(2, field(1, [...integer(1, 1), ...field(2, dims)]))]
}

const model = (op, inputs, attributes) => {
  const node = [
    ...Object.keys(inputs).flatMap((name) => text(1, name)),
    ...text(2, 'y'),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => field(5, attribute(name, value))),
  ]
  const output = [...text(1, 'y'), ...field(2, field(1, integer(1, 1)))]
  const graph = [
    ...field(1, node),
    ...text(2, 'g'),
    ...Object.entries(inputs).flatMap(([name, shape]) => field(11, valueInfo(name, shape))),
    ...field(12, output),
  ]
  return Uint8Array.from([...integer(1, 8), ...field(7, graph), ...field(8, integer(2, 13))])
}

const describe = (spec) => {
  const one = (op, attributes = {}) => ({ op, inputs: { x: spec.input }, attributes })
  if (spec.kind === 'matmul') return { op: 'MatMul', inputs: { a: spec.a, b: spec.b }, attributes: {} }
  if (spec.kind === 'conv2d') {
    const attributes = { strides: [spec.stride, spec.stride], pads: Array(4).fill(spec.padding), group: spec.groups }
    return { op: 'Conv', inputs: { x: spec.input, w: spec.weight }, attributes }
  }
  if (spec.kind === 'add') return { op: 'Add', inputs: { a: spec.input, b: spec.input }, attributes: {} }
  if (spec.kind === 'maxPool2d') return one('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] })
  if (spec.kind === 'transpose') return one('Transpose', { perm: [1, 0] })
  const simple = { relu: 'Relu', exp: 'Exp', tanh: 'Tanh', sigmoid: 'Sigmoid', softmax: 'Softmax' }[spec.kind]
  return simple && one(simple)
}

export const prepare = async (spec) => {
  const description = describe(spec)
  if (!description) return undefined
  const { op, inputs, attributes } = description
  const session = await ort.InferenceSession.create(model(op, inputs, attributes), { executionProviders: ['wasm'] })
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, shape], i) => [name, new ort.Tensor('float32', values(shape, i + 1), shape)]),
  )
  return {
    run: () => session.run(feeds),
    read: async () => (await session.run(feeds)).y.data,
    dispose: () => session.release(),
  }
}
