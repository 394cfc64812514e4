// A small writer of ONNX models: protobuf messages as lists of byte chunks, so that large weights are copied once.

const utf8 = new TextEncoder()

const varint = (n) => {
  const bytes = []
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push((n & 127) | 128)
  return Uint8Array.from([...bytes, n])
}

const sizeOf = (chunks) => chunks.reduce((total, { length }) => total + length, 0)

/** A field of length-delimited bytes: a message, a string or packed numbers. */
const bytes = (number, chunks) => [varint(number * 8 + 2), varint(sizeOf(chunks)), ...chunks]
const integer = (number, value) => [varint(number * 8), varint(value)]
const text = (number, value) => bytes(number, [utf8.encode(value)])
const float = (number, value) => [varint(number * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]

/** AttributeProto: type 1 FLOAT, 2 INT, 7 INTS; numbers with a fraction are floats. */
const attribute = (name, value) => {
  if (Array.isArray(value)) return [...text(1, name), ...value.flatMap((item) => integer(8, item)), ...integer(20, 7)]
  if (Number.isInteger(value)) return [...text(1, name), ...integer(3, value), ...integer(20, 2)]
  return [...text(1, name), ...float(2, value), ...integer(20, 1)]
}

/** ValueInfoProto of an f32 tensor. */
const valueInfo = (name, shape) => {
  const dims = shape.flatMap((size) => bytes(1, integer(1, size)))
  return [...text(1, name), ...bytes(2, bytes(1, [...integer(1, 1), ...bytes(2, dims)]))]
}

const outputInfo = (name) => [...text(1, name), ...bytes(2, bytes(1, integer(1, 1)))]

/** TensorProto of f32 (Float32Array) or i64 (plain array) data. */
const tensor = (name, { shape, data }) => {
  const raw = Array.isArray(data) ? BigInt64Array.from(data, BigInt) : data
  return [
    ...shape.flatMap((size) => integer(1, size)),
    ...integer(2, Array.isArray(data) ? 7 : 1),
    ...text(8, name),
    ...bytes(9, [new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)]),
  ]
}

const node = ({ op, inputs, outputs, attributes = {} }) => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
]

/**
 * The bytes of a model.
 * @param graph - { nodes: [{ op, inputs, outputs, attributes }], inputs: { name: shape }, constants: { name: { shape,
 * data } }, output: name }; the empty name stands for an input left out
 */
export const onnxModel = ({ nodes, inputs, constants = {}, output }) => {
  const graph = [
    ...nodes.flatMap((one) => bytes(1, node(one))),
    ...text(2, 'bench'),
    ...Object.entries(constants).flatMap(([name, value]) => bytes(5, tensor(name, value))),
    ...Object.entries(inputs).flatMap(([name, shape]) => bytes(11, valueInfo(name, shape))),
    ...bytes(12, outputInfo(output)),
  ]
  // IR version 8, operator set 13.
  const model = [...integer(1, 8), ...bytes(7, graph), ...bytes(8, integer(2, 13))]
  const whole = new Uint8Array(sizeOf(model))
  let at = 0
  for (const chunk of model) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
