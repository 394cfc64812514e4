// Tensors
export { Tensor, type Nested } from './tensor/tensor.ts'
export type { DType, TypedArray } from './tensor/dtype.ts'
export type { Shape } from './tensor/shape.ts'
export {
  arange,
  eye,
  fromData,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type TensorLike,
  type TensorOptions,
} from './tensor/create.ts'
export { keep, scope, untracked } from './tensor/scope.ts'

// Autograd
export { backward, grad, type BackwardOptions, type GradOptions } from './autograd/backward.ts'
export { enableGrad, isGradEnabled, noGrad } from './autograd/modes.ts'
export { apply, applyAll, defineOp } from './autograd/apply.ts'
export type { NDArray, OpDef, TensorSpec } from './autograd/op.ts'
export type { GradientContext } from './autograd/node.ts'

// Backends
export { defaultBackend, init, setDefaultBackend, withBackend, type InitOptions } from './backends/default.ts'
export type { Backend, MemoryInfo, Storage } from './backends/backend.ts'
export { ReferenceBackend, referenceBackend } from './backends/reference/reference.ts'
export { WasmBackend, wasmBackend, type WasmBackendOptions } from './backends/wasm/wasm.ts'

// Ops: elementwise
export {
  add,
  atan2,
  div,
  eq,
  fmod,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  pow,
  remainder,
  sub,
  type Operand,
} from './ops/binary.ts'
export { exp, floor, log, neg, relu, square, trunc } from './ops/unary.ts'
export { where } from './ops/where.ts'
export { cast, clone, contiguous, toBackend } from './ops/copy.ts'
export { addInPlace, copyInto, fill } from './ops/in-place.ts'

// Ops: reductions and products
export { mean, sum, type Axes } from './ops/reduce.ts'
export { linear, matmul } from './ops/matmul.ts'

// Ops: shapes
export { expand, flatten, permute, reshape, select, slice, squeeze, transpose, unsqueeze } from './ops/views.ts'

// Modules
export {
  buffer,
  Module,
  parameter,
  zeroGrad,
  type AnyModule,
  type ForwardHook,
  type ForwardPreHook,
  type LoadOptions,
  type LoadReport,
  type StateDict,
} from './nn/module.ts'

// Errors
export {
  AbortError,
  AxisError,
  BackendError,
  DisposedError,
  DTypeError,
  FormatError,
  GradientError,
  LanewiseError,
  ShapeError,
  ValueError,
  type ErrorDetails,
} from './errors.ts'
