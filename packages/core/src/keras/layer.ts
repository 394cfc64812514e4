import { ShapeError } from '../errors.ts'
import { excerpt } from '../io/excerpt.ts'
import type { TfjsLayer } from '../io/tfjs-topology.ts'
import { Module, parameter } from '../nn/module.ts'
import { permute } from '../ops/views.ts'
import { fromData } from '../tensor/create.ts'
import { keep } from '../tensor/scope.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LayerConfig } from './config.ts'
import { fitsShape, remade, showExpected, type WeightFile } from './weights.ts'

/** A layer of a Keras model: takes and gives tensors of Keras's shapes. */
export type KerasLayer = Module<Tensor[], Tensor | Tensor[]>

/** What a layer holds, by name: its weights, and layers inside of it. */
export type LayerState = Readonly<Record<string, Tensor | KerasLayer | null>>

type Run = (xs: readonly Tensor[], training: boolean) => Tensor | Tensor[]
type Count = (x: Tensor, y: Tensor) => number

/** A layer whose work is a function over the tensors in its fields. */
class FunctionLayer extends Module<Tensor[], Tensor | Tensor[]> {
  /** Keras's name of the class. */
  readonly kind: string
  private readonly run: Run
  private readonly count: Count

  constructor(kind: string, state: LayerState, run: Run, count: Count) {
    super()
    this.kind = kind
    this.run = run
    this.count = count
    for (const [name, value] of Object.entries(state)) Object.defineProperty(this, name, { value, enumerable: true })
  }

  forward(...xs: Tensor[]): Tensor | Tensor[] {
    return this.run(xs, this.training)
  }

  macs([x]: readonly unknown[], y: unknown): number {
    return this.count(x as Tensor, y as Tensor)
  }
}

/** The file around a model. */
export interface ModelFile {
  readonly file: WeightFile
  readonly version: string
  /** Takes note of a weight, which is released where the load fails. */
  readonly note: (x: Tensor) => Tensor
}

/** What a layer is built from: its options, and its weights in the file. */
export class LayerSource {
  readonly config: LayerConfig
  /** What wrote the file. */
  readonly version: string
  /** Builds a layer inside of this one, with other scopes for its weights. */
  readonly inner: (layer: TfjsLayer, scopes: readonly string[]) => KerasLayer
  private readonly file: WeightFile
  private readonly note: (x: Tensor) => Tensor
  private readonly scopes: readonly string[]

  constructor(
    config: LayerConfig,
    { file, version, note }: ModelFile,
    scopes: readonly string[],
    inner: (layer: TfjsLayer, scopes: readonly string[]) => KerasLayer,
  ) {
    this.config = config
    this.file = file
    this.note = note
    this.version = version
    this.scopes = scopes
    this.inner = inner
  }

  /** A weight of the file; its shape there must be as expected (null for any size, or for any shape). */
  weight(name: string, expected: readonly (number | null)[] | null): Tensor {
    const { config } = this
    const array = this.file.take(this.scopes, name)
    if (array === null)
      return config.fail('a weight is missing', undefined, this.scopes.map((s) => excerpt(`${s}/${name}`)).join(' or '))
    if (array.dtype !== 'f32') return config.fail(`the dtype of ${name} does not fit`, array.dtype, 'f32')
    if (expected !== null && !fitsShape(array.shape, expected))
      return config.fail(`the shape of ${name} does not fit`, show(array.shape), showExpected(expected))
    return this.note(keep(fromData(Float32Array.from(array.data), array.shape, 'f32')))
  }

  /** A tensor that trains, unless the file says otherwise. */
  trained(x: Tensor): Tensor {
    return parameter(this.note(x), this.config.flag('trainable', true))
  }

  /** A weight that trains; `axes` puts its axes in another order. */
  parameter(name: string, expected: readonly (number | null)[] | null, axes?: readonly number[]): Tensor {
    const x = this.weight(name, expected)
    return this.trained(axes === undefined ? x : remade(x, (y) => permute(y, axes)))
  }

  /** The bias, where the layer has one. */
  bias(size: number): Tensor | null {
    return this.config.flag('use_bias', true) ? this.parameter('bias', [size]) : null
  }

  /** A layer that computes `run`; `count` gives its multiply-adds. */
  readonly layer = (state: LayerState, run: Run, count: Count = () => 0): KerasLayer =>
    new FunctionLayer(this.config.layer.className, state, run, count)

  /** A layer without state. */
  readonly plain = (run: (x: Tensor, training: boolean) => Tensor): KerasLayer =>
    this.layer({}, ([x], training) => run(x, training))

  /** Throws unless x has the rank. */
  needRank(x: Tensor, rank: number): void {
    if (x.rank === rank) return
    throw new ShapeError({
      op: this.config.layer.className,
      problem: 'the rank does not fit',
      got: show(x.shape),
      expected: `${rank} axes, the batch first`,
    })
  }
}
