import { FormatError } from '../errors.ts'
import { excerpt } from './excerpt.ts'
import { parseJson, type JsonMap, type JsonValue } from './json.ts'

/** JSON as plain values; objects have no prototype. */
export type PlainJson = null | boolean | number | string | PlainJson[] | { readonly [name: string]: PlainJson }

/** One output of one call of a layer. */
export interface TfjsRef {
  readonly layer: string
  /** Which call of the layer, from 0. */
  readonly node: number
  /** Which of the call's outputs, from 0. */
  readonly tensor: number
}

/** One Keras layer. */
export interface TfjsLayer {
  readonly name: string
  /** Such as `Dense`. */
  readonly className: string
  /** The layer's options, with Keras's names. */
  readonly config: { readonly [name: string]: PlainJson }
  /** For each call of the layer, what goes in. Empty in a sequential model. */
  readonly inbound: readonly (readonly TfjsRef[])[]
}

/** The layers of a Keras model and how they connect. */
export interface TfjsTopology {
  readonly kind: 'sequential' | 'functional'
  readonly name: string
  /** What wrote the file, such as `2.11.0` or `tfjs-layers 4.22.0`; empty where it does not say. */
  readonly version: string
  readonly layers: readonly TfjsLayer[]
  /** Empty in a sequential model. */
  readonly inputs: readonly TfjsRef[]
  /** Empty in a sequential model. */
  readonly outputs: readonly TfjsRef[]
}

const fail = (problem: string, got: string, expected?: string, advice?: string): never => {
  throw new FormatError({ op: 'tfjs', problem, got, expected, advice })
}

/** A JSON value with plain objects in place of Maps. */
const toPlain = (value: JsonValue): PlainJson => {
  if (Array.isArray(value)) return value.map(toPlain)
  return value instanceof Map ? toRecord(value) : value
}

const toRecord = (map: JsonMap): { [name: string]: PlainJson } => {
  const record: { [name: string]: PlainJson } = Object.create(null)
  for (const [name, value] of map) record[name] = toPlain(value)
  return record
}

const field = (map: JsonMap, name: string, where: string): JsonValue =>
  map.get(name) ?? fail(`${where} has no ${name}`, excerpt([...map.keys()]))

const mapOf = (value: JsonValue | undefined, where: string): JsonMap =>
  value instanceof Map ? value : fail(`${where} is not an object`, excerpt(value))

const listOf = (value: JsonValue | undefined, where: string): JsonValue[] =>
  Array.isArray(value) ? value : fail(`${where} is not a list`, excerpt(value))

const stringOf = (value: JsonValue | undefined, where: string): string =>
  typeof value === 'string' ? value : fail(`${where} is not a string`, excerpt(value))

const isIndex = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** `[layer, node, tensor]`, perhaps with call arguments, which must be empty: they would change what the layer does. */
const refOf = (value: JsonValue, where: string): TfjsRef => {
  const [layer, node, tensor, args] = listOf(value, where)
  if (typeof layer !== 'string' || !isIndex(node) || !isIndex(tensor))
    return fail(`${where} is not a reference`, excerpt(value), '[layer, node, tensor]')
  if (args instanceof Map && args.size > 0)
    return fail(`${where} has call arguments`, excerpt([...args.keys()]), 'none')
  return { layer, node, tensor }
}

/** A list of references; a single one may stand without its list. */
const refsOf = (value: JsonValue | undefined, where: string): TfjsRef[] => {
  const list = listOf(value ?? [], where)
  return typeof list[0] === 'string' ? [refOf(list, where)] : list.map((item) => refOf(item, where))
}

const layerOf = (value: JsonValue, index: number): TfjsLayer => {
  const layer = mapOf(value, `layer ${index}`)
  const config = mapOf(field(layer, 'config', `layer ${index}`), `the config of layer ${index}`)
  const className = stringOf(field(layer, 'class_name', `layer ${index}`), `the class of layer ${index}`)
  const name = stringOf(
    layer.get('name') ?? config.get('name') ?? `${className}_${index}`,
    `the name of layer ${index}`,
  )
  const nodes = listOf(layer.get('inbound_nodes') ?? [], `the inbound nodes of ${excerpt(name)}`)
  return {
    name,
    className,
    config: toRecord(config),
    inbound: nodes.map((node) => refsOf(node, `an input of ${excerpt(name)}`)),
  }
}

/** Whether a layer's class is that of a model. */
export const isModelClass = (className: string): boolean => ['Sequential', 'Model', 'Functional'].includes(className)

/**
 * The references with the calls of each layer counted from 0. A model's own making is its call 0, which files leave out
 * but count; only a model that was made without an input shape starts at 0.
 */
const countedFromZero = (
  layers: readonly TfjsLayer[],
  inputs: readonly TfjsRef[],
  outputs: readonly TfjsRef[],
): { layers: TfjsLayer[]; inputs: TfjsRef[]; outputs: TfjsRef[] } => {
  const late = new Set(layers.filter(({ className }) => isModelClass(className)).map(({ name }) => name))
  for (const { layer, node } of [...layers.flatMap(({ inbound }) => inbound.flat()), ...inputs, ...outputs])
    if (node === 0) late.delete(layer)
  const shift = (ref: TfjsRef): TfjsRef => (late.has(ref.layer) ? { ...ref, node: ref.node - 1 } : ref)
  return {
    layers: layers.map((layer) => ({ ...layer, inbound: layer.inbound.map((refs) => refs.map(shift)) })),
    inputs: inputs.map(shift),
    outputs: outputs.map(shift),
  }
}

/** Checks that every reference leads to a call of a layer, and that no call needs its own output. */
const checkGraph = (layers: ReadonlyMap<string, TfjsLayer>, ends: readonly TfjsRef[]): void => {
  const callsOf = (layer: TfjsLayer): number => Math.max(1, layer.inbound.length)
  const check = ({ layer, node }: TfjsRef, where: string): void => {
    const found = layers.get(layer)
    if (found === undefined || node >= callsOf(found))
      fail(`${where} refers to nothing`, `call ${node} of ${excerpt(layer)}`)
  }
  for (const ref of ends) check(ref, 'the model')
  const waiting = new Map<string, number>()
  const users = new Map<string, string[]>()
  const ready: string[] = []
  for (const layer of layers.values()) {
    for (let node = 0; node < callsOf(layer); node++) {
      const key = `${node} ${layer.name}`
      const inputs = layer.inbound[node] ?? []
      waiting.set(key, inputs.length)
      if (inputs.length === 0) ready.push(key)
      for (const ref of inputs) {
        check(ref, `an input of ${excerpt(layer.name)}`)
        const source = `${ref.node} ${ref.layer}`
        const known = users.get(source)
        if (known) known.push(key)
        else users.set(source, [key])
      }
    }
  }
  let done = 0
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    done++
    for (const user of users.get(key) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1
      waiting.set(user, left)
      if (left === 0) ready.push(user)
    }
  }
  if (done !== waiting.size) fail('the layers form a cycle', `${waiting.size - done} calls that wait for themselves`)
}

/** Reads a Keras model from its parsed JSON: with or without the `model_config` around it. */
export const topologyOf = (value: JsonValue): TfjsTopology => {
  const outer = mapOf(value, 'the topology')
  if (outer.has('node'))
    return fail(
      'a graph model has no layers',
      'a frozen graph',
      'a layers model',
      'Convert it with output_format tfjs_layers_model',
    )
  const model = outer.has('model_config') ? mapOf(outer.get('model_config'), 'the model_config') : outer
  const className = stringOf(field(model, 'class_name', 'the model'), 'the class of the model')
  const config = field(model, 'config', 'the model')
  const kind = className === 'Sequential' ? 'sequential' : 'functional'
  if (!isModelClass(className))
    return fail('the model is of a class that is not supported', excerpt(className), 'Sequential, Model or Functional')
  const fields: JsonMap = config instanceof Map ? config : new Map()
  const items = listOf(config instanceof Map ? config.get('layers') : config, 'the layers')
  const { layers, inputs, outputs } = countedFromZero(
    items.map(layerOf),
    refsOf(fields.get('input_layers'), 'an input of the model'),
    refsOf(fields.get('output_layers'), 'an output of the model'),
  )
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  if (byName.size !== layers.length) return fail('two layers have one name', excerpt(layers.map(({ name }) => name)))
  checkGraph(byName, [...inputs, ...outputs])
  const name = stringOf(fields.get('name') ?? '', 'the name of the model')
  const version = outer.get('keras_version') ?? model.get('keras_version')
  return { kind, name, version: typeof version === 'string' ? version : '', layers, inputs, outputs }
}

/**
 * Reads a Keras model's topology: a `modelTopology`, a `model_config`, or the model inside a layer.
 * @param bytes - JSON
 * @throws FormatError when it is not such a model, or its layers refer to nothing or form a cycle.
 */
export const readTfjsTopology = (bytes: Uint8Array): TfjsTopology => topologyOf(parseJson('tfjs', bytes))
