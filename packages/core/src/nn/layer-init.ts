import { fans, kaimingUniform, uniform } from '../random/init.ts'
import { fromData } from '../tensor/create.ts'
import { sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { parameter } from './module.ts'

/** A new f32 tensor with what `fill` writes, in logical order. */
export const filled = (shape: Shape, fill: (data: Float32Array<ArrayBuffer>) => unknown): Tensor => {
  const data = new Float32Array(sizeOf(shape))
  fill(data)
  return fromData(data, shape, 'f32')
}

/** The weight of PyTorch's Linear and Conv layers: kaiming uniform with a = sqrt 5, which is U(-k, k) with k = 1 / sqrt(fanIn). */
export const layerWeight = (shape: Shape): Tensor =>
  parameter(filled(shape, (data) => kaimingUniform(data, shape, { a: Math.sqrt(5) })))

/** The bias that goes with it: U(-k, k) with k = 1 / sqrt(fanIn) of the weight. Draw it after the weight. */
export const layerBias = (size: number, weight: Shape): Tensor => {
  const { fanIn } = fans(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  return uniformParameter([size], bound)
}

/** A parameter from U(-bound, bound). */
export const uniformParameter = (shape: Shape, bound: number): Tensor =>
  parameter(filled(shape, (data) => uniform(data, { from: -bound, to: bound })))

/** A parameter of one value. */
export const constantParameter = (shape: Shape, value: number): Tensor =>
  parameter(filled(shape, (data) => data.fill(value)))
