export {
  kerasWeights,
  onnxWeights,
  tensorFlowWeights,
  torchWeights,
  type OnnxOptions,
  type TensorFlowOptions,
} from './dialects.ts'
export { loadRecurrentWeights, type Dialect, type Matrix, type NamedWeights, type WeightArray } from './load.ts'
