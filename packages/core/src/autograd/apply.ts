import { BackendError, GradientError, ValueError } from '../errors.ts'
import { Tensor } from '../tensor/tensor.ts'
import { isGradEnabled } from './modes.ts'
import { Node } from './node.ts'
import type { OpDef } from './op.ts'

const describe = (x: unknown): string =>
  x === null ? 'null' : Array.isArray(x) ? 'an array' : x instanceof Promise ? 'a Promise' : typeof x

const checkInput = (op: string, x: unknown, i: number): void => {
  if (x instanceof Tensor) {
    x.live(op)
  } else if (Tensor.is(x)) {
    throw new ValueError({
      op,
      problem: 'the tensor comes from a second copy of @lanewise/core in this process',
      got: `input ${i}`,
      expected: 'tensors of one copy',
      advice: 'Let the package manager share one version (npm dedupe), or bundle it once',
    })
  } else {
    throw new ValueError({
      op,
      problem: `input ${i} is not a tensor`,
      got: describe(x),
      expected: 'a Tensor',
      advice: 'Wrap arrays and numbers with tensor()',
    })
  }
}

const checkBackends = (op: string, inputs: readonly Tensor[]): void => {
  for (let i = 1; i < inputs.length; i++) {
    if (inputs[i].storage.backend === inputs[0].storage.backend) continue
    throw new BackendError({
      op,
      problem: 'the inputs live on different backends',
      got: inputs.map((x) => `${x.toString()} on ${x.backend.name}`).join(' and '),
      expected: 'one backend',
      advice: 'Move them with toBackend()',
    })
  }
}

const checkMutable = (op: string, x: Tensor): void => {
  if (!x.requiresGrad || !isGradEnabled()) return
  throw new GradientError({
    op,
    problem: 'a tensor that requires a gradient cannot be changed in place while gradients are recorded',
    got: x.toString(),
    advice: 'Wrap the change in noGrad(), or change a clone',
  })
}

/**
 * Runs an op on its inputs' backend and records it for backward. Gives all outputs but the hidden ones.
 * @throws ValueError, ShapeError, DTypeError or BackendError before any work is done.
 */
export const applyAll = <A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A): Tensor[] => {
  for (let i = 0; i < inputs.length; i++) checkInput(op.name, inputs[i], i)
  if (inputs.length > 1) checkBackends(op.name, inputs)
  if (op.mutates !== undefined) for (const i of op.mutates) checkMutable(op.name, inputs[i])
  const specs = op.infer(inputs, attrs)
  const outputs = runOrView(op, inputs, attrs, specs)
  if (op.mutates !== undefined) {
    for (const i of op.mutates) inputs[i].storage.version++
    return outputs
  }
  if (isGradEnabled() && op.gradient !== undefined && inputs.some((x) => x.requiresGrad)) {
    record(op, inputs, attrs, outputs)
  } else if (op.hidden !== undefined) {
    for (let i = outputs.length - op.hidden; i < outputs.length; i++) outputs[i].dispose()
  }
  return op.hidden === undefined ? outputs : outputs.slice(0, outputs.length - op.hidden)
}

const runOrView = <A>(
  op: OpDef<A>,
  inputs: readonly Tensor[],
  attrs: A,
  specs: ReturnType<OpDef<A>['infer']>,
): Tensor[] => {
  const x = inputs[0]
  if (op.view === undefined) return x.storage.backend.run(op, inputs, attrs, specs)
  const view = op.view(x, attrs)
  return [new Tensor(x.storage, view.shape, x.dtype, view.strides, view.offset)]
}

const record = <A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, outputs: readonly Tensor[]): void => {
  const visible = outputs.length - (op.hidden ?? 0)
  const node = new Node(op, attrs, inputs, outputs)
  for (let i = 0; i < visible; i++) {
    const y = outputs[i]
    if (y.dtype !== 'f32' && y.dtype !== 'f64') continue
    y.node = node
    y.outputIndex = i
    y.requiresGrad = true
  }
}

/** {@link applyAll} for an op of one output. */
export const apply = <A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A): Tensor => applyAll(op, inputs, attrs)[0]

/**
 * Makes a function of an op definition, so that other packages can add ops with their gradients.
 * @param op - shape rule, reference loops, kernel and gradient; see {@link OpDef}
 * @returns a function of the inputs and attributes that gives the visible outputs
 * @example
 * const cube = defineOp<undefined>({
 *   name: 'cube',
 *   savesInputs: [0],
 *   infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
 *   reference: ([x], _, [y]) => x.data.forEach((v, i) => (y.data[i] = v * v * v)),
 *   gradient: (c, [dy]) => [mul(mul(dy!, 3), square(c.input(0)))],
 * })
 * cube([tensor([2])], undefined)[0].toArray() // => [8]
 */
export const defineOp =
  <A>(op: OpDef<A>): ((inputs: readonly Tensor[], attrs: A) => Tensor[]) =>
  (inputs, attrs) =>
    applyAll(op, inputs, attrs)
