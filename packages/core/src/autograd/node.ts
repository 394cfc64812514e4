import { GradientError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { OpDef, TensorSpec } from './op.ts'

/** Where a gradient goes: into output `index` of `node`, or into a leaf. */
export interface Edge {
  readonly node: Node | null
  readonly index: number
  readonly leaf: Tensor | null
}

/** What a gradient rule may read. */
export interface GradientContext<A> {
  readonly attrs: A
  /** Per input: whether its gradient is wanted. */
  readonly needs: readonly boolean[]
  /** True when no second derivative is wanted and the backend is synchronous: fused kernels may be taken. */
  readonly fused: boolean
  /** Shapes and dtypes of the inputs. */
  readonly inputSpecs: readonly TensorSpec[]
  /** Shapes and dtypes of the outputs. */
  readonly outputSpecs: readonly TensorSpec[]
  /** A saved input. */
  input(i: number): Tensor
  /** A saved output. */
  output(i: number): Tensor
}

let count = 0

/** One op's place in the graph. */
export class Node implements GradientContext<unknown> {
  /** Ascends in the order of the forward pass; backward walks it down. */
  readonly id: number = count++
  readonly op: OpDef<unknown>
  readonly attrs: unknown
  readonly inputSpecs: readonly TensorSpec[]
  readonly outputSpecs: readonly TensorSpec[]
  edges: readonly (Edge | null)[]
  needs: boolean[]
  fused = false
  /** The search that saw this node last. */
  seen = 0
  private inputs: (Tensor | null)[] | null
  private outputs: (Tensor | null)[]
  /** Of the saved inputs, then of the saved outputs. */
  private readonly versions: number[] = []
  private retained: Tensor[] | null = null

  constructor(op: OpDef<unknown>, attrs: unknown, inputs: readonly Tensor[], outputs: readonly Tensor[]) {
    this.op = op
    this.attrs = attrs
    const n = inputs.length
    const specs = new Array<TensorSpec>(n)
    const needs = new Array<boolean>(n)
    const edges = new Array<Edge | null>(n)
    for (let i = 0; i < n; i++) {
      specs[i] = specOf(inputs[i])
      needs[i] = inputs[i].requiresGrad
      edges[i] = edgeTo(inputs[i])
    }
    this.inputSpecs = specs
    this.outputSpecs = outputs.map(specOf)
    this.needs = needs
    this.edges = edges
    this.inputs = this.save(inputs, op.savesInputs)
    this.outputs = this.save(outputs, op.savesOutputs)
  }

  /** The tensors in the places `which`, their versions noted; null in the others. */
  private save(list: readonly Tensor[], which: readonly number[] | undefined): (Tensor | null)[] {
    const kept = new Array<Tensor | null>(list.length)
    for (let i = 0; i < list.length; i++) {
      kept[i] = which?.includes(i) === true ? list[i] : null
      if (kept[i] !== null) this.versions.push(list[i].storage.version)
    }
    return kept
  }

  input(i: number): Tensor {
    return this.saved(this.inputs?.[i], 'input', i)
  }

  output(i: number): Tensor {
    return this.saved(this.outputs[i], 'output', i)
  }

  /** Whether `release` was called. */
  get released(): boolean {
    return this.inputs === null
  }

  /** The tensors that the gradient rule may read. */
  savedTensors(): Tensor[] {
    return [...(this.inputs ?? []), ...this.outputs].filter((x) => x !== null)
  }

  /** Whether a tensor is one of those that the gradient rule may read. */
  holds(x: Tensor): boolean {
    return this.inputs?.includes(x) === true || this.outputs.includes(x)
  }

  /** Asks for the gradient of one of the outputs to be left on it. */
  retain(output: Tensor): void {
    this.retained ??= []
    if (!this.retained.includes(output)) this.retained.push(output)
  }

  /** The outputs whose gradient was asked for. */
  retainedOutputs(): readonly Tensor[] {
    return this.retained ?? []
  }

  /** Throws when a saved tensor was disposed or changed since the forward pass, or the graph was freed. */
  check(): void {
    if (this.inputs === null) {
      throw new GradientError({
        op: 'backward',
        problem: `the graph through ${this.op.name} was already freed`,
        expected: 'one backward pass over a graph',
        advice: 'Pass { retainGraph: true } to the first backward',
      })
    }
    let at = 0
    for (const x of this.inputs) if (x !== null) this.checkSaved(x, this.versions[at++])
    for (const x of this.outputs) if (x !== null) this.checkSaved(x, this.versions[at++])
  }

  private checkSaved(x: Tensor, version: number): void {
    if (x.disposed) x.live(`backward of ${this.op.name}`)
    if (x.storage.version === version) return
    throw new GradientError({
      op: 'backward',
      problem: `a tensor that ${this.op.name} saved was changed in place`,
      got: `${x.toString()} at version ${x.storage.version}`,
      expected: `version ${version}`,
      advice: 'Change a clone instead, or change it after backward',
    })
  }

  /** Drops what the gradient needed; hidden outputs, which nobody else can hold, give their memory back. */
  release(): void {
    const hidden = this.op.hidden ?? 0
    for (let i = this.outputs.length - hidden; i < this.outputs.length; i++) this.outputs[i]?.dispose()
    this.inputs = null
    this.outputs = []
    this.edges = []
  }

  private saved(x: Tensor | null | undefined, role: string, i: number): Tensor {
    if (x) return x
    throw new GradientError({
      op: this.op.name,
      problem: `the gradient rule reads ${role} ${i}, which was not saved`,
      expected: `${i} in ${role === 'input' ? 'savesInputs' : 'savesOutputs'}`,
    })
  }
}

const specOf = (x: Tensor): TensorSpec => ({ shape: x.shape, dtype: x.dtype })

const edgeTo = (x: Tensor): Edge | null =>
  x.requiresGrad ? { node: x.node, index: x.outputIndex, leaf: x.node === null ? x : null } : null
