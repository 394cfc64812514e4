import {
  concat,
  defaultGenerator,
  fromData,
  Generator,
  Module,
  noGrad,
  randn,
  scope,
  slice,
  ValueError,
  type AnyModule,
  type Batches,
  type Shape,
  type Tensor,
} from '@lanewise/core'
import { checkRange, samplesOf, type SampleBatch } from '../train/batch.ts'
import { fitModel, type GanEvent, type GanFitOptions, type Losses, type Turns } from '../train/fit.ts'
import type { PlayerOptimizers } from '../train/optimizers.ts'

/** How {@link GenerativeModel.sample} draws. */
export interface SampleOptions {
  /** The same seed gives the same samples. Default: draws from `generator`. */
  readonly seed?: number | bigint
  /** Draws the latent codes where there is no seed. Default: the default generator. */
  readonly generator?: Generator
  /** Conditional models: each sample's class. Default: the classes in turn. */
  readonly labels?: ArrayLike<number>
  /** Samples made at once. Default 100. */
  readonly batchSize?: number
}

/** What every generative model is told. */
export interface GenerativeOptions {
  /** Shape of one latent code. */
  readonly latentShape: Shape
  /** Shape of one sample. */
  readonly sampleShape: Shape
  /** The optimizers that `fit` uses where it is given none. */
  readonly optimizer: PlayerOptimizers
}

/** Runs `fn` with the module in inference mode and without gradients, then puts every mode back. */
const inference = <T>(model: AnyModule, fn: () => T): T => {
  const modes = [...model.namedModules().values()].map((module) => [module, module.training] as const)
  model.eval()
  try {
    return noGrad(fn)
  } finally {
    for (const [module, training] of modes) module.training = training
  }
}

/**
 * What the models of this package share: training as events, sampling, checkpoints. A model of your own says which
 * parts play, how they learn from a batch, and how a sample comes of a latent code.
 */
export abstract class GenerativeModel extends Module<Tensor[]> {
  readonly latentShape: Shape
  readonly sampleShape: Shape
  readonly optimizer: PlayerOptimizers

  constructor({ latentShape, sampleShape, optimizer }: GenerativeOptions) {
    super()
    this.latentShape = latentShape
    this.sampleShape = sampleShape
    this.optimizer = optimizer
  }

  /** The parts that have an optimizer each, by name. */
  abstract players(): Readonly<Record<string, AnyModule>>

  /** One training step on a batch: asks for turns, gives the losses. Runs inside a scope. */
  abstract learn(batch: SampleBatch, turns: Turns): Losses

  /** Samples of latent codes; labels are null but for conditional models. */
  abstract generate(z: Tensor, labels: Tensor | null): Tensor

  /** Classes of a conditional model, else null. */
  get classes(): number | null {
    return null
  }

  /** Latent codes [count, ...latentShape] from the standard normal distribution. */
  latent(count: number, generator: Generator = defaultGenerator()): Tensor {
    return randn([count, ...this.latentShape], { generator })
  }

  /**
   * Draws samples, in inference mode.
   * @returns [count, ...sampleShape]; images have values in [-1, 1]
   * @throws ValueError when the count or a label is out of range.
   */
  sample(count: number, options: SampleOptions = {}): Tensor {
    const { seed, generator, labels, batchSize = 100 } = options
    this.checkCounts(count, batchSize)
    const classes = this.labelsFor(count, labels)
    return scope(() =>
      inference(this, () => {
        const z = this.latent(count, seed === undefined ? generator : new Generator(seed))
        const parts: Tensor[] = []
        for (let at = 0; at < count || at === 0; at += batchSize) {
          const end = Math.min(at + batchSize, count)
          const part = classes === null ? null : fromData(classes.slice(at, end), [end - at], 'i32')
          parts.push(scope(() => this.generate(slice(z, 0, at, end), part)))
        }
        return parts.length === 1 ? parts[0] : concat(parts)
      }),
    )
  }

  /**
   * Trains the model, as an asynchronous generator of events: the losses of each batch, and after each epoch their
   * means with samples. Memory stays flat, the event loop gets its turn, and leaving the loop early ends the training.
   * @param train - batches of samples in the shape and range that the model makes, or [samples, labels]
   * @throws ValueError, ShapeError or DTypeError for wrong options or batches; AbortError when the signal is aborted.
   */
  fit(train: Batches<SampleBatch>, options: GanFitOptions): AsyncGenerator<GanEvent, void> {
    return fitModel(this, train, options)
  }

  /** The samples of a batch, checked; their range too at the first step. */
  protected realOf(batch: SampleBatch, { step }: Turns): Tensor {
    const real = samplesOf('gan.fit', batch, this.sampleShape)
    if (step === 1 && this.sampleShape.length === 3) checkRange('gan.fit', real)
    return real
  }

  private checkCounts(count: number, batchSize: number): void {
    for (const [name, value, least] of [
      ['count', count, 0],
      ['batchSize', batchSize, 1],
    ] as const) {
      if (Number.isInteger(value) && value >= least) continue
      throw new ValueError({
        op: 'gan.sample',
        problem: `${name} is out of range`,
        got: String(value),
        expected: `a whole number from ${least}`,
      })
    }
  }

  private labelsFor(count: number, labels: ArrayLike<number> | undefined): Int32Array<ArrayBuffer> | null {
    const { classes } = this
    if (classes === null) {
      if (labels === undefined) return null
      throw new ValueError({
        op: 'gan.sample',
        problem: 'this model knows no classes',
        got: `${labels.length} labels`,
        advice: 'Leave labels out, or train a conditional model such as cgan()',
      })
    }
    const given = labels ?? Array.from({ length: count }, (_, i) => i % classes)
    const fits = (label: number): boolean => Number.isInteger(label) && label >= 0 && label < classes
    const wrong = Array.from(given).findIndex((label) => !fits(label))
    if (given.length === count && wrong === -1) return Int32Array.from(given)
    throw new ValueError({
      op: 'gan.sample',
      problem: 'the labels do not fit',
      got: wrong === -1 ? `${given.length} labels` : `${given[wrong]} at ${wrong}`,
      expected: `${count} integers in [0, ${classes})`,
    })
  }
}
