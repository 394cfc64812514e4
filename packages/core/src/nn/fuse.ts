import { noGrad } from '../autograd/modes.ts'
import { ValueError } from '../errors.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { copyInto } from '../ops/in-place.ts'
import { sqrt } from '../ops/unary.ts'
import { reshape } from '../ops/views.ts'
import { zeros } from '../tensor/create.ts'
import { scope, untracked } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.ts'
import { Identity, Linear } from './linear.ts'
import { parameter, type AnyModule } from './module.ts'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './norm.ts'

/** Paths of a layer and of the batch norm that takes its output. */
export type FusedPair = readonly [layer: string, norm: string]

const convs = [Conv1d, Conv2d, Conv3d]
const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d]
const norms = [BatchNorm1d, BatchNorm2d, BatchNorm3d]

type Transposed = InstanceType<(typeof transposed)[number]>
type Layer = InstanceType<(typeof convs)[number]> | Transposed | Linear
type Norm = InstanceType<(typeof norms)[number]>

const oneOf = (module: AnyModule | undefined, classes: readonly (new (...args: never[]) => AnyModule)[]): boolean =>
  classes.some((c) => module instanceof c)

const isTransposed = (layer: Layer): layer is Transposed => oneOf(layer, transposed)

const refuse = (problem: string, got: string, expected: string, advice?: string): ValueError =>
  new ValueError({ op: 'fuseModules', problem, got, expected, ...(advice !== undefined && { advice }) })

/** The two modules of a pair. Throws where they do not fit each other. */
const resolve = (modules: ReadonlyMap<string, AnyModule>, [at, normAt]: FusedPair): [layer: Layer, norm: Norm] => {
  const [layer, norm] = [modules.get(at), modules.get(normAt)]
  const kindOf = (module: AnyModule | undefined): string => module?.constructor.name ?? 'nothing'
  if (!oneOf(layer, [...convs, ...transposed, Linear]))
    throw refuse('this is no layer to fuse', `${at}: ${kindOf(layer)}`, 'a convolution or a Linear')
  if (!oneOf(norm, norms)) throw refuse('this is no batch norm', `${normAt}: ${kindOf(norm)}`, 'a BatchNorm1d to 3d')
  const [found, batchNorm] = [layer as Layer, norm as Norm]
  const channels = found instanceof Linear ? found.outFeatures : found.outChannels
  if (channels !== batchNorm.numFeatures)
    throw refuse(`${normAt} does not fit ${at}`, `${batchNorm.numFeatures} features`, `${channels}`)
  if (batchNorm.running_mean === null)
    throw refuse(`${normAt} has no running statistics`, 'trackRunningStats false', 'true')
  if (found.training || batchNorm.training)
    throw refuse('the model is in training', `${at} and ${normAt}`, 'inference mode', 'Call eval() first')
  return [found, batchNorm]
}

/** Scale and shift per channel that a batch norm comes to. */
const linesOf = ({ weight, bias, running_mean: mean, running_var: variance, eps }: Norm): [Tensor, Tensor] => {
  const deviation = sqrt(add(variance!, eps))
  const scale = weight === null ? div(1, deviation) : div(weight, deviation)
  const moved = mul(mean!, scale)
  return [scale, bias === null ? sub(0, moved) : sub(bias, moved)]
}

/** A layer's weight with each output channel scaled. */
const scaled = (layer: Layer, scale: Tensor): Tensor => {
  const { weight } = layer
  const rest = weight.shape.slice(2)
  const ones = rest.map(() => 1)
  if (!isTransposed(layer)) return mul(weight, reshape(scale, [-1, 1, ...ones]))
  const [inputs, outputs] = weight.shape
  const grouped = reshape(weight, [layer.groups, inputs / layer.groups, outputs, ...rest])
  return reshape(mul(grouped, reshape(scale, [layer.groups, 1, outputs, ...ones])), weight.shape)
}

const fuse = (layer: Layer, norm: Norm): void => {
  scope(() => {
    const [scale, shift] = linesOf(norm)
    const bias = layer.bias === null ? shift : add(mul(layer.bias, scale), shift)
    copyInto(layer.weight, scaled(layer, scale))
    if (layer.bias === null)
      Object.assign(layer, { bias: untracked(() => parameter(zeros([norm.numFeatures]), layer.weight.requiresGrad)) })
    copyInto(layer.bias!, bias)
  })
}

/** Puts a module in the place of the one at `path`. */
const replace = (modules: ReadonlyMap<string, AnyModule>, path: string, module: AnyModule): void => {
  const cut = path.lastIndexOf('.')
  const parent = modules.get(cut < 0 ? '' : path.slice(0, cut))
  Object.assign(parent!, { [path.slice(cut + 1)]: module })
}

/**
 * Folds batch norms into the layers before them, as torch.ao.quantization.fuse_modules does: each pair becomes one
 * layer, whose weight and bias hold the norm's scale and shift, and an Identity. The model then gives the same numbers, up
 * to rounding, in fewer passes over its maps; it is for inference, and its state dict is another. All pairs are checked
 * before the first is changed.
 * @param model - in inference mode; changed in place
 * @param pairs - paths of a convolution or Linear, and of the batch norm that takes its output and nothing else's
 * @returns `model`
 * @throws ValueError where a path leads to something else, the channels differ, or the model is in training.
 * @source The formula of torch.nn.utils.fusion.fuse_conv_bn_weights; checked against the model before in fuse.test.ts
 * @example
 * const model = new Sequential(new Conv2d(1, 2, 3, { bias: false }), new BatchNorm2d(2), new ReLU()).eval()
 * fuseModules(model, [['0', '1']])
 * ;[...model.stateDict().keys()] // => ['0.weight', '0.bias']
 */
export const fuseModules = <M extends AnyModule>(model: M, pairs: readonly FusedPair[]): M => {
  const modules = model.namedModules()
  const found = pairs.map((pair) => resolve(modules, pair))
  noGrad(() => {
    for (const [layer, norm] of found) fuse(layer, norm)
  })
  for (const [, path] of pairs) replace(modules, path, new Identity().eval())
  return model
}
