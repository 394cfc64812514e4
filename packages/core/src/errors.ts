/** What an error says. Every part is a phrase without a full stop; absent parts are left out of the message. */
export interface ErrorDetails {
  /** The function or module that found the fault, such as `conv2d` or `safetensors`. */
  readonly op: string
  /** What is wrong. */
  readonly problem: string
  /** The offending values, with shapes and dtypes. */
  readonly got?: string | undefined
  /** The rule that they break. */
  readonly expected?: string | undefined
  /** What to do about it. */
  readonly advice?: string | undefined
  /** The error underneath, if there is one. */
  readonly cause?: unknown
}

const brand = Symbol.for('lanewise.error')

const compose = ({ op, problem, got, expected, advice }: ErrorDetails): string => {
  const facts = [got && `got ${got}`, expected && `expected ${expected}`].filter(Boolean).join(', ')
  return `${op}: ${problem}${facts && `; ${facts}`}.${advice ? ` ${advice}.` : ''}`
}

/** Base of all typed errors. `code` and the fields of {@link ErrorDetails} are frozen API. */
export class LanewiseError extends Error {
  /** Stable identifier of the class. */
  static readonly code: string = 'LANEWISE'
  /** Stable identifier of the class, such as `SHAPE`. */
  readonly code: string
  readonly op: string
  readonly problem: string
  readonly got: string | undefined
  readonly expected: string | undefined
  readonly advice: string | undefined
  /** The module path that led to the fault, outermost first, such as `['layer2', '0', 'conv1']`. */
  readonly path: string[] = []

  constructor(details: ErrorDetails) {
    super(compose(details), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = new.target.code
    this.name = new.target.name
    this.op = details.op
    this.problem = details.problem
    this.got = details.got
    this.expected = details.expected
    this.advice = details.advice
    Object.defineProperty(this, brand, { value: true })
  }

  /** Adds one enclosing module's name to the message and to {@link path}. */
  within(name: string): this {
    this.message = `${name}${this.path.length > 0 ? '.' : ': '}${this.message}`
    this.path.unshift(name)
    return this
  }

  /** Whether `e` is an error of this class, also when a second copy of this package made it. */
  static is<T extends LanewiseError>(
    this: (new (details: ErrorDetails) => T) & { readonly code: string },
    e: unknown,
  ): e is T {
    if (typeof e !== 'object' || e === null || !(brand in e)) return false
    return this.code === LanewiseError.code || ('code' in e && e.code === this.code)
  }
}

/** Shapes do not fit each other or the op. */
export class ShapeError extends LanewiseError {
  static override readonly code: string = 'SHAPE'
}

/** An axis lies outside the tensor's rank, or is given twice. */
export class AxisError extends LanewiseError {
  static override readonly code: string = 'AXIS'
}

/** A dtype that the op does not take. */
export class DTypeError extends LanewiseError {
  static override readonly code: string = 'DTYPE'
}

/** An argument's value is outside its range. */
export class ValueError extends LanewiseError {
  static override readonly code: string = 'VALUE'
}

/** A tensor was used after its memory was released. */
export class DisposedError extends LanewiseError {
  static override readonly code: string = 'DISPOSED'
}

/** The gradient cannot be computed: no graph, a freed graph, a changed saved tensor, no second derivative. */
export class GradientError extends LanewiseError {
  static override readonly code: string = 'GRADIENT'
}

/** The backend cannot do what was asked: out of memory, an asynchronous read, no kernel. */
export class BackendError extends LanewiseError {
  static override readonly code: string = 'BACKEND'
}

/** A file or byte sequence breaks the rules of its format. */
export class FormatError extends LanewiseError {
  static override readonly code: string = 'FORMAT'
}

/** Work was stopped through an AbortSignal. */
export class AbortError extends LanewiseError {
  static override readonly code: string = 'ABORT'
}
