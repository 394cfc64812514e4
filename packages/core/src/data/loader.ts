import { ValueError } from '../errors.ts'
import { defaultGenerator } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { collate, type Collated } from './collate.ts'
import type { Dataset } from './dataset.ts'

/** How {@link DataLoader} makes batches. */
export interface DataLoaderOptions<Sample, Batch> {
  /** Samples in a batch. Default 1. */
  readonly batchSize?: number
  /** A new random order at each pass. Default false. */
  readonly shuffle?: boolean
  /** Leave out a last batch that is smaller. Default false. */
  readonly dropLast?: boolean
  /** Makes a batch of samples. Default {@link collate}, or the dataset's own way. */
  readonly collate?: (samples: Sample[]) => Batch
  /** Draws the orders. Default: the default generator. */
  readonly generator?: Generator
}

/** Where a pass stands: enough to go on with the same batches. */
export interface LoaderPosition {
  /** The generator's state before the pass. */
  readonly state: Uint8Array
  /** The next batch, counted from 0. */
  readonly next: number
}

/**
 * Batches of a dataset, in order or shuffled with PyTorch's draws: the same seed gives the batches of
 * `torch.utils.data.DataLoader`. A `for of` or `for await` over it is one pass; `for await` also takes datasets
 * that give Promises. There are no workers.
 * @throws ValueError when the batch size is not a whole number above 0.
 * @source Checked against torch.utils.data.DataLoader 1.13 in loader.test.ts
 * @example
 * const loader = new DataLoader(tensorDataset(arange(0, 5)), { batchSize: 2 })
 * const batches = Array.from(loader, ([x]) => x.toArray()) // => [[0, 1], [2, 3], [4]]
 */
export class DataLoader<Sample, Batch = Collated<Sample>> implements Iterable<Batch>, AsyncIterable<Batch> {
  readonly dataset: Dataset<Sample, Batch>
  readonly batchSize: number
  readonly shuffle: boolean
  readonly dropLast: boolean
  /** Draws the orders; undefined means the default generator. */
  readonly generator: Generator | undefined
  private readonly collate: ((samples: Sample[]) => unknown) | undefined

  constructor(dataset: Dataset<Sample, Batch>, options: DataLoaderOptions<Sample, Batch> = {}) {
    this.dataset = dataset
    this.batchSize = options.batchSize ?? 1
    this.shuffle = options.shuffle ?? false
    this.dropLast = options.dropLast ?? false
    this.generator = options.generator
    this.collate = options.collate
    if (!Number.isInteger(this.batchSize) || this.batchSize < 1) {
      throw new ValueError({
        op: 'DataLoader',
        problem: 'batchSize is out of range',
        got: String(this.batchSize),
        expected: 'an integer >= 1',
      })
    }
  }

  /** Batches in a pass. */
  get length(): number {
    const { size } = this.dataset
    return this.dropLast ? Math.floor(size / this.batchSize) : Math.ceil(size / this.batchSize)
  }

  /** Starts a pass, or goes on with one; going on draws nothing from the generator. */
  pass(from?: LoaderPosition): LoaderPass<Batch> {
    return new LoaderPass(this.dataset.size, this, (indices) => this.read(indices), from)
  }

  /** One pass over the batches. */
  [Symbol.iterator](): Iterator<Batch> {
    return this.pass()[Symbol.iterator]()
  }

  /** One pass over the batches, for samples that come as Promises too. */
  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return this.pass()[Symbol.asyncIterator]()
  }

  private read(indices: Int32Array): Batch | Promise<Batch> {
    const { dataset, collate: own } = this
    if (own === undefined && dataset.batch !== undefined) return dataset.batch(indices)
    const samples = Array.from(indices, (i) => dataset.get(i))
    // Without a collate of one's own, Batch is what `collate` gives.
    const make = (own ?? collate) as (samples: Sample[]) => Batch
    if (!samples.some((s) => s instanceof Promise)) return make(samples as Sample[])
    return Promise.all(samples).then(make)
  }
}

type LoaderSettings = Pick<DataLoader<unknown>, 'batchSize' | 'length' | 'shuffle' | 'generator'>

/** One pass over a {@link DataLoader}. */
export class LoaderPass<Batch> implements Iterable<Batch>, AsyncIterable<Batch> {
  private readonly size: number
  private readonly loader: LoaderSettings
  private readonly fetch: (indices: Int32Array) => Batch | Promise<Batch>
  private readonly state: Uint8Array
  private order: Int32Array | null = null
  private at: number

  constructor(
    size: number,
    loader: LoaderSettings,
    read: (indices: Int32Array) => Batch | Promise<Batch>,
    from?: LoaderPosition,
  ) {
    this.size = size
    this.loader = loader
    this.fetch = read
    const source = loader.generator ?? defaultGenerator()
    this.state = from?.state ?? source.state()
    this.at = from?.next ?? 0
    // A pass that goes on repeats its draws beside the generator, which stands further on.
    this.draw(from === undefined ? source : new Generator().setState(from.state))
  }

  /** Where it stands: pass it to {@link DataLoader.pass} to go on after a restart. */
  position(): LoaderPosition {
    return { state: this.state, next: this.at }
  }

  /** The next batch, a Promise of it where the dataset gives Promises, or undefined at the end. */
  read(): Batch | Promise<Batch> | undefined {
    const indices = this.advance()
    return indices === null ? undefined : this.fetch(indices)
  }

  /** One pass over the batches. */
  *[Symbol.iterator](): Iterator<Batch> {
    for (let indices = this.advance(); indices !== null; indices = this.advance()) {
      const batch = this.fetch(indices)
      if (batch instanceof Promise) {
        throw new ValueError({
          op: 'DataLoader',
          problem: 'the dataset gives Promises',
          expected: 'samples at hand for a plain loop',
          advice: 'Use `for await`',
        })
      }
      yield batch
    }
  }

  /** One pass over the batches, for samples that come as Promises too. */
  async *[Symbol.asyncIterator](): AsyncIterator<Batch> {
    for (let indices = this.advance(); indices !== null; indices = this.advance()) yield await this.fetch(indices)
  }

  /** PyTorch draws a seed for its workers, then one for the order, unless the generator is the loader's own. */
  private draw(source: Generator): void {
    const { shuffle, generator } = this.loader
    source.int64()
    if (!shuffle) return
    const own = generator !== undefined
    this.order = (own ? source : new Generator(source.int64())).randperm(this.size)
  }

  private advance(): Int32Array | null {
    const { batchSize, length, generator, shuffle } = this.loader
    if (this.at >= length) {
      // PyTorch's sampler draws one more order when it finds that nothing is left of this one.
      if (this.at === length && generator !== undefined && shuffle) generator.randperm(this.size)
      this.at = length + 1
      return null
    }
    const start = this.at++ * batchSize
    const count = Math.min(batchSize, this.size - start)
    const { order } = this
    return order === null ? Int32Array.from({ length: count }, (_, i) => start + i) : order.slice(start, start + count)
  }
}
