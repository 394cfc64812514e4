// Conformance cases as tensors and back. Format "neutral/1": see the README of the conformance folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folder with the cases; LANEWISE_CONFORMANCE overrides. */
export const conformanceDir = (root) => process.env.LANEWISE_CONFORMANCE ?? resolve(root, '../shared/conformance')

/** The files of a suite, parsed; null where the folder is absent. */
export const loadSuite = (dir, suite) => {
  const folder = join(dir, suite)
  if (!existsSync(folder)) return null
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

/** Thrown for a case that is out of the library's reach, with the reason. */
export class Unsupported extends Error {}

const halfToNumber = (bits) => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const bfloatToNumber = (bits) => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, bits)
  return view.getFloat32(0)
}

/** Bytes of an element and how to read one. */
const readers = {
  f32: [4, (v, at) => v.getFloat32(at, true)],
  f64: [8, (v, at) => v.getFloat64(at, true)],
  f16: [2, (v, at) => halfToNumber(v.getUint16(at, true))],
  bf16: [2, (v, at) => bfloatToNumber(v.getUint16(at, true))],
  i8: [1, (v, at) => v.getInt8(at)],
  u8: [1, (v, at) => v.getUint8(at)],
  i16: [2, (v, at) => v.getInt16(at, true)],
  u16: [2, (v, at) => v.getUint16(at, true)],
  i32: [4, (v, at) => v.getInt32(at, true)],
  u32: [4, (v, at) => v.getUint32(at, true)],
  i64: [8, (v, at) => Number(v.getBigInt64(at, true))],
  u64: [8, (v, at) => Number(v.getBigUint64(at, true))],
  bool: [1, (v, at) => Number(v.getUint8(at) !== 0)],
}

/** The values of a case's tensor, in order. */
const valuesOf = ({ dtype, data, shape }) => {
  if (readers[dtype] === undefined) throw new Unsupported(`dtype ${dtype}`)
  const [width, read] = readers[dtype]
  const bytes = Buffer.from(data, 'base64')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => read(view, i * width))
}

/** The dtype that stands for a file's dtype here: fractions as f32, whole numbers as i32. */
const storedAs = (dtype) => (dtype === 'bool' ? 'bool' : ['f32', 'f64', 'f16', 'bf16'].includes(dtype) ? 'f32' : 'i32')

/** A case's tensor as one of the library's. */
export const toTensor = (L, t) => {
  const values = valuesOf(t)
  const dtype = t.dtype === 'f64' && L.defaultBackend().dtypes.includes('f64') ? 'f64' : storedAs(t.dtype)
  if (dtype === 'i32' && values.some((v) => v > 2147483647 || v < -2147483648))
    throw new Unsupported(`${t.dtype} beyond the range of i32`)
  return L.tensor(values, { dtype, shape: t.shape })
}

/** Why a result is wrong; null when it is right: |got - expected| <= atol + rtol |expected|, NaN equal to NaN. */
export const difference = (got, expected, { rtol, atol }) => {
  if (got === undefined) return `output ${expected.name} is missing`
  if (JSON.stringify([...got.shape]) !== JSON.stringify(expected.shape))
    return `shape [${got.shape}] instead of [${expected.shape}]`
  const values = got.dataSync()
  const wanted = valuesOf(expected)
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [values[i], wanted[i]]
    if (a === b || Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) continue
    // f64 and f32 infinities may stand for each other only when they are equal; a finite difference is measured.
    if (!(Math.abs(a - b) <= atol + rtol * Math.abs(b))) return `element ${i} is ${a} instead of ${b}`
  }
  return null
}
