import { FormatError, ShapeError, ValueError } from '../errors.ts'
import { excerpt } from '../io/excerpt.ts'
import type { JsonValue } from '../io/json.ts'
import {
  isModelClass,
  topologyOf,
  type PlainJson,
  type TfjsLayer,
  type TfjsRef,
  type TfjsTopology,
} from '../io/tfjs-topology.ts'
import { readTfjsModel, readTfjsWeights } from '../io/tfjs.ts'
import { Module } from '../nn/module.ts'
import { show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { LayerConfig } from './config.ts'
import { convolutions } from './convolutions.ts'
import { LayerSource, type KerasLayer, type ModelFile } from './layer.ts'
import { merges } from './merge.ts'
import { plainLayers } from './plain.ts'
import { overTime } from './recurrent.ts'
import { spatial } from './spatial.ts'
import { WeightFile } from './weights.ts'

/** A layer of a class that is not known here. */
export interface CustomLayerSource {
  /** Its name, class and options in the file. */
  readonly layer: TfjsLayer
  /**
   * One of its weights, as the file has it, by the last part of its name.
   * @throws FormatError when there is none, or it is not f32.
   */
  weight(name: string): Tensor
}

/** What {@link loadTfjsModel} takes beside the files. */
export interface LoadTfjsOptions {
  /** The path of the model's own file. Default `model.json`. */
  readonly path?: string
  /** Builds layers of other classes, by class. They take and give tensors of Keras's shapes. */
  readonly customLayers?: Readonly<Record<string, (source: CustomLayerSource) => KerasLayer>>
}

type Builders = NonNullable<LoadTfjsOptions['customLayers']>

/** One call of a layer: where its inputs are and where its outputs go. */
interface Call {
  readonly layer: string
  readonly node: number
  readonly inputs: readonly TfjsRef[]
}

/** A topology as a list of calls. */
interface Plan {
  readonly inputs: readonly TfjsRef[]
  readonly calls: readonly Call[]
  readonly outputs: readonly TfjsRef[]
}

/** Classes that stand for a model's input. */
const isInput = ({ className }: TfjsLayer): boolean => className === 'InputLayer'

/** A topology's layers as calls in an order in which each finds its inputs; inputs of the model are no calls. */
const planOf = ({ kind, layers, inputs, outputs }: TfjsTopology): Plan => {
  if (kind === 'sequential') {
    const chain = layers.filter((layer) => !isInput(layer))
    const first: TfjsRef = { layer: '', node: 0, tensor: 0 }
    const refs = [first, ...chain.map(({ name }) => ({ layer: name, node: 0, tensor: 0 }))]
    const calls = chain.map(({ name }, i) => ({ layer: name, node: 0, inputs: [refs[i]] }))
    return { inputs: [first], calls, outputs: [refs.at(-1)!] }
  }
  const all = layers
    .filter((layer) => !isInput(layer))
    .flatMap(({ name, inbound }) => inbound.map((refs, node): Call => ({ layer: name, node, inputs: refs })))
  return { inputs, calls: inOrder(all, new Set(inputs.map(keyOf))), outputs }
}

const keyOf = ({ layer, node }: { readonly layer: string; readonly node: number }): string => `${node} ${layer}`

/** Calls after those whose outputs they take. The reader has seen that there is no cycle. */
const inOrder = (calls: readonly Call[], known: ReadonlySet<string>): Call[] => {
  const users = new Map<string, Call[]>()
  const waiting = new Map<Call, number>()
  const ready: Call[] = []
  for (const call of calls) {
    const sources = call.inputs.filter((ref) => !known.has(keyOf(ref)))
    waiting.set(call, sources.length)
    if (sources.length === 0) ready.push(call)
    for (const ref of sources) {
      const before = users.get(keyOf(ref))
      if (before === undefined) users.set(keyOf(ref), [call])
      else before.push(call)
    }
  }
  // Grows while it is walked.
  for (const call of ready) {
    for (const user of users.get(keyOf(call)) ?? []) {
      const left = waiting.get(user)! - 1
      waiting.set(user, left)
      if (left === 0) ready.push(user)
    }
  }
  return ready
}

/** Throws unless each input of a call, and each output, comes from another call or goes into the model. */
const checkPlan = ({ inputs, calls, outputs }: Plan): void => {
  const made = new Set([...inputs, ...calls].map(keyOf))
  for (const ref of [...calls.flatMap((call) => call.inputs), ...outputs])
    if (!made.has(keyOf(ref)))
      throw new FormatError({
        op: 'tfjs',
        problem: 'a layer that is used gets no input',
        got: excerpt(ref.layer),
        expected: 'an input of the model, or a layer with inbound nodes',
      })
}

/** A file's shape of an input: sizes, null where any is taken. */
const inputShapeOf = ({ config }: TfjsLayer): readonly (number | null)[] | null => {
  const shape = config.batch_input_shape ?? config.batch_shape
  const isShape = Array.isArray(shape) && shape.every((n) => n === null || (Number.isSafeInteger(n) && Number(n) >= 0))
  return isShape ? (shape as (number | null)[]) : null
}

/**
 * A Keras model that {@link loadTfjsModel} has built. Its layers are its fields, under their names in the file; they
 * take and give what they do in Keras: images [N, H, W, C], sequences [N, T, F].
 * It trains as any module does: dropout drops and batch norm uses the batch, unless `eval()` is called.
 */
export class KerasModel extends Module<Tensor[], Tensor> {
  /** The layers and how they connect, as the file has them. */
  readonly topology: TfjsTopology
  private readonly plan: Plan
  private readonly modules: ReadonlyMap<string, KerasLayer>
  private readonly expected: readonly (readonly (number | null)[] | null)[]

  /** Use {@link loadTfjsModel}. */
  constructor(topology: TfjsTopology, build: (layer: TfjsLayer) => KerasLayer) {
    super()
    this.topology = topology
    this.plan = planOf(topology)
    checkPlan(this.plan)
    const modules = new Map<string, KerasLayer>()
    for (const layer of topology.layers) {
      if (isInput(layer)) continue
      const module = build(layer)
      modules.set(layer.name, module)
      Object.defineProperty(this, freeName(this, layer.name), { value: module, enumerable: true })
    }
    this.modules = modules
    const byName = new Map(topology.layers.map((layer) => [layer.name, layer]))
    this.expected =
      topology.kind === 'sequential'
        ? [topology.layers.length > 0 ? inputShapeOf(topology.layers[0]) : null]
        : this.plan.inputs.map(({ layer }) => inputShapeOf(byName.get(layer)!))
  }

  /**
   * The model's output.
   * @throws ShapeError when the inputs do not fit, ValueError when the model has several outputs.
   */
  forward(...inputs: Tensor[]): Tensor {
    const ys = this.outputs(...inputs)
    if (ys.length === 1) return ys[0]
    throw new ValueError({
      op: 'KerasModel',
      problem: 'the model has several outputs',
      got: this.plan.outputs.map(({ layer }) => excerpt(layer)).join(', '),
      expected: 'one',
      advice: 'Use outputs()',
    })
  }

  /**
   * All of the model's outputs, in their order in the file.
   * @throws ShapeError when the inputs do not fit.
   */
  outputs(...inputs: Tensor[]): Tensor[] {
    this.checkInputs(inputs)
    const values = new Map<string, readonly Tensor[]>(this.plan.inputs.map((ref, i) => [keyOf(ref), [inputs[i]]]))
    const read = ({ layer, node, tensor }: TfjsRef): Tensor => {
      const y = values.get(keyOf({ layer, node }))?.[tensor]
      if (y !== undefined) return y
      throw new FormatError({
        op: 'tfjs',
        problem: 'a layer has no such output',
        got: `output ${tensor} of ${excerpt(layer)}`,
      })
    }
    for (const call of this.plan.calls) {
      const module = this.modules.get(call.layer)!
      const xs = call.inputs.map(read)
      const y = module instanceof KerasModel ? module.outputs(...xs) : module.forward(...xs)
      values.set(keyOf(call), y instanceof Tensor ? [y] : y)
    }
    return this.plan.outputs.map(read)
  }

  private checkInputs(inputs: readonly Tensor[]): void {
    const fits = (x: Tensor, shape: readonly (number | null)[] | null): boolean =>
      shape === null || (x.rank === shape.length && shape.every((n, i) => n === null || n === x.shape[i]))
    if (inputs.length === this.expected.length && inputs.every((x, i) => fits(x, this.expected[i]))) return
    const text = (shape: readonly (number | null)[] | null): string =>
      shape === null ? 'any shape' : `[${shape.map((n) => n ?? 'any').join(',')}]`
    throw new ShapeError({
      op: 'KerasModel',
      problem: 'the inputs do not fit',
      got: inputs.map((x) => show(x.shape)).join(' and ') || 'none',
      expected: this.expected.map(text).join(' and '),
      advice: 'Keras takes images as [N, H, W, C]',
    })
  }
}

/** A layer's name as a field that the model does not have yet. */
const freeName = (model: Module<Tensor[], Tensor>, name: string): string => {
  let field = name.replaceAll(/[^\w-]/g, '_') || 'layer'
  while (field in model) field += '_'
  return field
}

const builderOf = (className: string): ((source: LayerSource) => KerasLayer) | undefined => {
  for (const table of [plainLayers, convolutions, spatial, merges, overTime])
    if (Object.hasOwn(table, className)) return table[className]
  return undefined
}

/** JSON with Maps again, for the model inside of a layer. */
const toJson = (value: PlainJson): JsonValue => {
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]))
}

/** Builds the layers of a model and of those inside of it. */
const modelOf = (topology: TfjsTopology, file: ModelFile, custom: Builders, place: readonly string[]): KerasModel => {
  const build = (layer: TfjsLayer, scopes: readonly string[] = [layer.name]): KerasLayer => {
    const path = [...place, layer.name]
    const config = new LayerConfig(layer, path.join('/'))
    if (isModelClass(layer.className)) {
      const inner = new Map<string, JsonValue>([
        ['class_name', layer.className],
        ['config', toJson(layer.config)],
      ])
      return modelOf(topologyOf(inner), file, custom, path)
    }
    const source = new LayerSource(config, file, withPlace(place, scopes), build)
    if (Object.hasOwn(custom, layer.className)) {
      return custom[layer.className]({ layer, weight: (name) => source.weight(name, null) })
    }
    const builder = builderOf(layer.className)
    if (builder !== undefined) return builder(source)
    return config.fail(
      'the class is not supported',
      excerpt(layer.className),
      undefined,
      'Pass it in customLayers, or leave the layer out of the model before it is converted',
    )
  }
  return new KerasModel(topology, build)
}

/** Names of a layer with and without the model around it: files write either. */
const withPlace = (place: readonly string[], scopes: readonly string[]): string[] =>
  place.length === 0 ? [...scopes] : scopes.flatMap((scope) => [`${place.at(-1)}/${scope}`, scope])

/**
 * Builds a module from the files of a TensorFlow.js layers model, sequential or functional, nested ones included. It
 * takes and gives tensors of Keras's shapes (images [N, H, W, C]) and trains like any other module.
 * @param files - the bytes of `model.json` and of each weight file, by path: {@link readTfjsModel} tells the paths
 * @throws FormatError when the files are damaged, a weight is missing, misshapen or left over, or a layer or one of its
 *   options is not supported; it names the layer and its place.
 * @source Keras 2 and the layers of tfjs 4.22; checked against the latter in keras.test.ts
 * @example
 * const topology = {
 *   class_name: 'Sequential',
 *   config: { layers: [{ class_name: 'Dense', config: { name: 'd', units: 1, use_bias: false, activation: 'relu' } }] },
 * }
 * const kernel = { dtype: 'f32', shape: [2, 1], data: Float32Array.of(1, 10) }
 * const model = loadTfjsModel(writeTfjsWeights(new Map([['d/kernel', kernel]]), { topology }))
 * model.forward(tensor([[3, 4], [-3, -4]])).toArray() // => [[43], [0]]
 */
export const loadTfjsModel = (
  files: ReadonlyMap<string, Uint8Array>,
  { path = 'model.json', customLayers = {} }: LoadTfjsOptions = {},
): KerasModel => {
  const fail = (problem: string, got: string, advice?: string): never => {
    throw new FormatError({ op: 'tfjs', problem, got, advice })
  }
  const bytes = files.get(path) ?? fail('the file of the model is missing', excerpt(path))
  const model = readTfjsModel(bytes)
  if (model.topology === undefined) return fail('the file has no layers', 'weights alone', 'Use readTfjsWeights')
  const weights = new WeightFile(readTfjsWeights(model, files))
  const made: Tensor[] = []
  const note = (x: Tensor): Tensor => {
    made.push(x)
    return x
  }
  try {
    const built = modelOf(model.topology, { file: weights, version: model.topology.version, note }, customLayers, [])
    weights.checkEmpty()
    return built
  } catch (e) {
    for (const x of made) x.dispose()
    throw e
  }
}
