import { uniform as kernels } from '@lanewise/kernels-wasm/uniform'
import { applyAll } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { defaultBackend } from '../backends/default.ts'
import { defaultStream } from '../random/default-stream.ts'
import { fans, kaimingBound } from '../random/init.ts'
import type { Stream } from '../random/stream.ts'
import { fromData } from '../tensor/create.ts'
import { sizeOf, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { parameter } from './module.ts'

/** A new f32 tensor with what `fill` writes, in logical order. */
export const filled = (shape: Shape, fill: (data: Float32Array<ArrayBuffer>) => unknown): Tensor => {
  const data = new Float32Array(sizeOf(shape))
  fill(data)
  return fromData(data, shape, 'f32')
}

/** Below this many draws, moving the generator's state to the kernel and back costs more than it saves. */
const KERNEL_DRAWS = 256

interface Draw {
  readonly bound: number
  readonly stream: Stream
}

/** Fills a new tensor from U(-bound, bound). A kernel, since a process that starts draws with cold code. */
const drawOp: OpDef<Draw> = {
  name: 'uniform',
  mutates: [0],
  infer: () => [],
  reference: ([x], { bound, stream }) => {
    stream.uniform(x.data as Float32Array, -bound, bound)
  },
  wasm: (k, [x], { bound, stream: { engine } }) => {
    const n = engine.words.length
    const [pX, pState] = [k.ptr(x), k.scratch(4 * n + 4)]
    const state = new Uint32Array(k.bytesAt(pState, 4 * n + 4).buffer, pState, n + 1)
    state.set(engine.words)
    state[n] = engine.position
    k.use(kernels).f32_uniform(pState, pX, x.size, -bound, bound)
    engine.words.set(state.subarray(0, n))
    engine.position = state[n]
    return []
  },
}

/** The weight of PyTorch's Linear and Conv layers: kaiming uniform with a = sqrt 5, which is U(-k, k) with k = 1 / sqrt(fanIn). */
export const layerWeight = (shape: Shape): Tensor => uniformParameter(shape, kaimingBound(shape, { a: Math.sqrt(5) }))

/** The bias that goes with it: U(-k, k) with k = 1 / sqrt(fanIn) of the weight. Draw it after the weight. */
export const layerBias = (size: number, weight: Shape): Tensor => {
  const { fanIn } = fans(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  return uniformParameter([size], bound)
}

/** A parameter from U(-bound, bound). */
export const uniformParameter = (shape: Shape, bound: number): Tensor =>
  parameter(drawn(shape, { bound, stream: defaultStream() }))

const drawn = (shape: Shape, draw: Draw): Tensor => {
  const backend = defaultBackend()
  const size = sizeOf(shape)
  if (size < KERNEL_DRAWS || !backend.synchronous)
    return filled(shape, (data) => draw.stream.uniform(data, -draw.bound, draw.bound))
  const x = new Tensor(backend.create('f32', size), shape, 'f32')
  applyAll(drawOp, [x], draw)
  return x
}

/** A parameter of one value. */
export const constantParameter = (shape: Shape, value: number): Tensor =>
  parameter(filled(shape, (data) => data.fill(value)))
