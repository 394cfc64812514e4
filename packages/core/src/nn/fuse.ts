import { noGrad } from '../autograd/modes.ts'
import { ValueError } from '../errors.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { relu, relu6 } from '../ops/activations.ts'
import type { FusedActivation } from '../ops/conv.ts'
import { copyInto } from '../ops/in-place.ts'
import { sqrt } from '../ops/unary.ts'
import { reshape } from '../ops/views.ts'
import { zeros } from '../tensor/create.ts'
import { scope, untracked } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ReLU, ReLU6 } from './activations.ts'
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.ts'
import { Identity, Linear } from './linear.ts'
import { parameter, type AnyModule } from './module.ts'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './norm.ts'

/** Paths of a layer and of what takes its output: a batch norm, a ReLU or ReLU6, or the one and then the other. */
export type FusedModules =
  | readonly [layer: string, next: string]
  | readonly [layer: string, norm: string, activation: string]

const convs = [Conv1d, Conv2d, Conv3d]
const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d]
const norms = [BatchNorm1d, BatchNorm2d, BatchNorm3d]
const activations = new Map<unknown, FusedActivation>([
  [ReLU, { kind: 'relu', run: relu }],
  [ReLU6, { kind: 'relu6', run: relu6 }],
])

type Transposed = InstanceType<(typeof transposed)[number]>
type Conv = InstanceType<(typeof convs)[number]>
type Layer = Conv | Transposed | Linear
type Norm = InstanceType<(typeof norms)[number]>

const oneOf = (module: AnyModule | undefined, classes: readonly (new (...args: never[]) => AnyModule)[]): boolean =>
  classes.some((c) => module instanceof c)

const isTransposed = (layer: Layer): layer is Transposed => oneOf(layer, transposed)

const refuse = (problem: string, got: string, expected: string, advice?: string): ValueError =>
  new ValueError({ op: 'fuseModules', problem, got, expected, ...(advice !== undefined && { advice }) })

interface Fusion {
  readonly layer: Layer
  readonly norm: Norm | null
  readonly activation: FusedActivation | null
}

const kindOf = (module: AnyModule | undefined): string => module?.constructor.name ?? 'nothing'

/** The modules at the paths. Throws where they do not fit each other. */
const resolve = (modules: ReadonlyMap<string, AnyModule>, paths: FusedModules): Fusion => {
  const found = paths.map((path) => modules.get(path))
  const described = (i: number): string => `${paths[i]}: ${kindOf(found[i])}`
  if (!oneOf(found[0], [...convs, ...transposed, Linear]))
    throw refuse('this is no layer to fuse', described(0), 'a convolution or a Linear')
  const layer = found[0] as Layer
  const norm = oneOf(found[1], norms) ? (found[1] as Norm) : null
  const at = norm === null ? 1 : 2
  const activation = activations.get(found[at]?.constructor) ?? null
  if (found.length !== (activation === null ? at : at + 1) || found.length < 2) {
    const expected = norm === null ? 'a BatchNorm1d to 3d, ReLU or ReLU6' : 'a ReLU or ReLU6, and nothing behind it'
    throw refuse('this cannot be fused', described(Math.min(found.length - 1, at)), expected)
  }
  if (norm !== null) checkNorm(layer, norm, paths)
  if (activation !== null && (!oneOf(layer, convs) || (layer as Conv).activation !== null))
    throw refuse('the activation has no layer to join', described(0), 'a Conv1d to 3d without one')
  if (found.some((module) => module!.training))
    throw refuse('the model is in training', paths.join(', '), 'inference mode', 'Call eval() first')
  return { layer, norm, activation }
}

const checkNorm = (layer: Layer, norm: Norm, [at, normAt]: FusedModules): void => {
  const channels = layer instanceof Linear ? layer.outFeatures : layer.outChannels
  if (channels !== norm.numFeatures)
    throw refuse(`${normAt} does not fit ${at}`, `${norm.numFeatures} features`, `${channels}`)
  if (norm.running_mean === null) throw refuse(`${normAt} has no running statistics`, 'trackRunningStats false', 'true')
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

const fold = (layer: Layer, norm: Norm): void => {
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
 * Makes one layer of a convolution or Linear and what follows it, as torch.ao.quantization.fuse_modules does: a batch
 * norm's scale and shift go into weight and bias, a ReLU or ReLU6 behind a convolution into its kernel; Identities take
 * their places. The model then gives the same numbers, up to rounding, in fewer passes over its maps; it is for inference,
 * and its state dict is another. Everything is checked before anything is changed.
 * @param model - in inference mode; changed in place
 * @param lists - paths of a layer, then of the batch norm, the activation or both, through which its output goes and
 * nothing else's
 * @returns `model`
 * @throws ValueError where a path leads to something else, the channels differ, or the model is in training.
 * @source The formula of torch.nn.utils.fusion.fuse_conv_bn_weights; checked against the model before in fuse.test.ts
 * @example
 * const model = new Sequential(new Conv2d(1, 2, 3, { bias: false }), new BatchNorm2d(2), new ReLU()).eval()
 * fuseModules(model, [['0', '1', '2']])
 * ;[...model.stateDict().keys()] // => ['0.weight', '0.bias']
 */
export const fuseModules = <M extends AnyModule>(model: M, lists: readonly FusedModules[]): M => {
  const modules = model.namedModules()
  const found = lists.map((paths) => resolve(modules, paths))
  noGrad(() => {
    for (const { layer, norm } of found) if (norm !== null) fold(layer, norm)
  })
  for (const { layer, activation } of found) if (activation !== null) Object.assign(layer, { activation })
  for (const path of lists.flatMap((paths) => paths.slice(1))) replace(modules, path, new Identity().eval())
  return model
}
