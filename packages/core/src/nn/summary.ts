import { noGrad } from '../autograd/modes.ts'
import { zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import { show, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { DType } from '../tensor/dtype.ts'
import type { AnyModule } from './module.ts'

/** One module of a {@link Summary}. */
export interface SummaryRow {
  /** Path in the model; '' is the model itself. */
  readonly path: string
  /** Class name. */
  readonly type: string
  /** Shapes of the outputs of its (last) call; none when it was not called. */
  readonly output: readonly Shape[]
  /** Elements of its own parameters, those of its children left out. */
  readonly parameters: number
  /** Multiply-adds of its own products for the given input; see {@link Counted}. */
  readonly macs: number
}

/** What {@link summary} found. */
export interface Summary {
  readonly rows: readonly SummaryRow[]
  /** Elements of all parameters, each counted once. */
  readonly parameters: number
  /** Those that train. */
  readonly trainable: number
  /** Multiply-adds of one forward pass. */
  readonly macs: number
  /** The whole as a table. */
  toString(): string
}

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** Dtype of the inputs that are made. Default f32; i32 for models that take indices. */
  readonly dtype?: DType
}

const tensorsIn = (value: unknown): Tensor[] => {
  if (value instanceof Tensor) return [value]
  if (Array.isArray(value)) return value.flatMap(tensorsIn)
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(tensorsIn)
  return []
}

/** The parameters in a module's own fields. */
const ownParameters = (module: AnyModule): Tensor[] =>
  [...module.namedParameters()].filter(([path]) => !path.includes('.')).map(([, p]) => p)

/**
 * What a module implements to be counted: the multiply-adds of one call, those of its children left out.
 * Convolutions, linear maps, recurrent layers and attention do.
 */
export interface Counted {
  /** Multiply-adds of one forward pass. */
  macs(inputs: readonly unknown[], output: unknown): number
}

const isCounted = (module: AnyModule): module is AnyModule & Counted =>
  'macs' in module && typeof module.macs === 'function'

/** A module that stands for a layer of another library carries that one's name. */
const typeOf = (module: AnyModule): string =>
  'kind' in module && typeof module.kind === 'string' ? module.kind : module.constructor.name

const isShapes = (shape: Shape | readonly Shape[]): shape is readonly Shape[] => Array.isArray(shape[0])

/** The calls of one forward pass by module: output shapes of the last, multiply-adds of all. */
const observe = (model: AnyModule, inputs: readonly Tensor[]): Map<AnyModule, { output: Shape[]; macs: number }> => {
  const seen = new Map<AnyModule, { output: Shape[]; macs: number }>()
  const modules = [...model.namedModules().values()]
  const modes = modules.map((module) => module.training)
  const removers = modules.map((module) =>
    module.registerForwardHook((_, args, output) => {
      const before = seen.get(module)?.macs ?? 0
      const macs = isCounted(module) ? module.macs(args, output) : 0
      seen.set(module, { output: tensorsIn(output).map((y) => y.shape), macs: before + macs })
      return output
    }),
  )
  try {
    model.eval()
    noGrad(() => scope(() => void model.forward(...inputs)))
  } finally {
    for (const remove of removers) remove()
    modules.forEach((module, i) => (module.training = modes[i]))
  }
  return seen
}

const count = (n: number): string => n.toLocaleString('en-US')

const render = (rows: readonly SummaryRow[], { parameters, trainable, macs }: Omit<Summary, 'rows'>): string => {
  const head = ['Module', 'Type', 'Output', 'Parameters', 'MACs']
  const body = rows.map((row) => [
    row.path || '(model)',
    row.type,
    row.output.map(show).join(' ') || '-',
    count(row.parameters),
    count(row.macs),
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((cells) => cells[i].length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i > 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ')
  const total = `${count(parameters)} parameters (${count(trainable)} trainable), ${count(macs)} multiply-adds`
  return [line(head), widths.map((n) => '-'.repeat(n)).join('  '), ...body.map(line), total].join('\n')
}

/**
 * Runs a model once on zeros, in evaluation mode, and tells the output shapes, parameters and multiply-adds of its modules.
 * @param inputShape - the shape of its input with the batch, or a list of shapes for several inputs
 * @throws what the model's forward throws.
 * @example
 * const { parameters, macs, rows } = summary(new Sequential(new Linear(4, 3), new ReLU()), [2, 4])
 * parameters // => 15
 * macs // => 24
 * rows[1] // => { path: '0', type: 'Linear', output: [[2, 3]], parameters: 15, macs: 24 }
 */
export const summary = (
  model: AnyModule,
  inputShape: Shape | readonly Shape[],
  { dtype = 'f32' }: SummaryOptions = {},
): Summary => {
  const shapes = isShapes(inputShape) ? inputShape : [inputShape]
  const seen = observe(
    model,
    shapes.map((shape) => zeros(shape, { dtype })),
  )
  const rows = [...model.namedModules()].map(([path, module]): SummaryRow => {
    const { output = [], macs = 0 } = seen.get(module) ?? {}
    const own = ownParameters(module).reduce((total, p) => total + p.size, 0)
    return { path, type: typeOf(module), output, parameters: own, macs }
  })
  const all = model.parameters()
  const sizeOf = (list: readonly Tensor[]): number => list.reduce((total, p) => total + p.size, 0)
  const totals = {
    parameters: sizeOf(all),
    trainable: sizeOf(all.filter((p) => p.requiresGrad)),
    macs: rows.reduce((total, row) => total + row.macs, 0),
  }
  return { rows, ...totals, toString: () => render(rows, totals) }
}
