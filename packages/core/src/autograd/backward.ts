import { GradientError, ShapeError } from '../errors.ts'
import { add } from '../ops/binary.ts'
import { addInPlace } from '../ops/in-place.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { reshape } from '../ops/views.ts'
import { onesLike } from '../tensor/create.ts'
import { keep, listingScope, untracked } from '../tensor/scope.ts'
import { isContiguous, sameShape, show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { enableGrad, noGrad } from './modes.ts'
import type { Edge, Node } from './node.ts'

/** How {@link backward} treats the graph. */
export interface BackwardOptions {
  /** Keep the graph for another backward pass. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean
  /** Record the backward pass itself, for second derivatives. Default false. */
  readonly createGraph?: boolean
}

/** Called with each leaf or captured tensor's gradient, which it then owns. */
type Sink = (target: Tensor, gradient: Tensor) => void

/** Gradients that have arrived at a node's outputs so far. */
type Arrived = (Tensor | null)[]

interface Pass {
  readonly createGraph: boolean
  readonly retainGraph: boolean
  readonly sink: Sink
  /** Non-leaf tensors whose gradient is wanted, by node. */
  readonly captures: ReadonlyMap<Node, readonly Tensor[]>
  readonly arrived: Map<Node, Arrived>
  /** Whether a gradient sent along this edge reaches something that is wanted. */
  wants(edge: Edge): boolean
}

/** Another handle on the same memory, to be disposed on its own; with `createGraph` one that leads back to a leaf. */
const share = (x: Tensor, createGraph: boolean): Tensor => {
  if (createGraph && x.node === null && x.requiresGrad) return enableGrad(() => reshape(x, x.shape))
  const y = new Tensor(x.storage, x.shape, x.dtype, x.strides, x.offset)
  y.node = x.node
  y.outputIndex = x.outputIndex
  y.requiresGrad = x.requiresGrad
  return y
}

/** Whether nothing else can see this tensor's memory. */
const exclusive = (x: Tensor): boolean => x.storage.refs === 1 && x.node === null

/** The sum of two gradients that the pass owns; the result is owned by the pass. */
const accumulate = (pass: Pass, sum: Tensor, more: Tensor): Tensor => {
  if (!pass.createGraph && exclusive(sum) && sum.contiguous && more.contiguous) {
    noGrad(() => addInPlace(sum, more))
    more.dispose()
    return sum
  }
  const total = add(sum, more)
  if (!pass.createGraph) {
    sum.dispose()
    more.dispose()
  }
  return total
}

const arrive = (pass: Pass, edge: Edge, gradient: Tensor): void => {
  if (edge.leaf !== null) {
    pass.sink(edge.leaf, gradient)
  } else if (edge.node !== null) {
    let slots = pass.arrived.get(edge.node)
    if (slots === undefined) pass.arrived.set(edge.node, (slots = edge.node.outputSpecs.map(() => null)))
    const before = slots[edge.index]
    slots[edge.index] = before === null ? gradient : accumulate(pass, before, gradient)
  }
}

let searches = 0

/** The nodes below `roots`, newest first: every node comes after all that feed gradients into it. */
const descending = (roots: readonly Tensor[]): Node[] => {
  const search = ++searches
  const found: Node[] = []
  const enter = (node: Node | null | undefined): void => {
    if (!node || node.seen === search) return
    node.seen = search
    found.push(node)
  }
  for (const x of roots) enter(x.node)
  for (let i = 0; i < found.length; i++) for (const edge of found[i].edges) enter(edge?.node)
  return found.sort((a, b) => b.id - a.id)
}

/** A gradient of the shape that its input had, checked since rules of other packages run here too. */
const checkGradient = (node: Node, i: number, dx: Tensor): void => {
  if (sameShape(dx.shape, node.inputSpecs[i].shape)) return
  throw new ShapeError({
    op: node.op.name,
    problem: `the gradient of input ${i} has the wrong shape`,
    got: show(dx.shape),
    expected: show(node.inputSpecs[i].shape),
  })
}

/** Runs one gradient rule; gives a gradient per input that the pass owns. */
const runRule = (pass: Pass, node: Node, dy: readonly (Tensor | null)[]): (Tensor | null)[] => {
  const rule = (): (Tensor | null)[] => {
    const dxs = node.op.gradient!(node, dy)
    return dxs.map((dx, i) => {
      if (dx === null || !node.needs[i]) return null
      checkGradient(node, i, dx)
      // A rule may hand back dy, a saved tensor or one tensor twice: each slot needs a handle of its own.
      const shared = dx.kept || dy.includes(dx) || node.holds(dx) || dxs.indexOf(dx) < i
      return shared ? share(dx, pass.createGraph) : dx
    })
  }
  node.fused = !pass.createGraph && isSynchronous(dy)
  if (pass.createGraph) return enableGrad(rule)
  return noGrad(() => listingScope(rule))
}

const isSynchronous = (dy: readonly (Tensor | null)[]): boolean =>
  dy.find((x) => x !== null)?.backend.synchronous ?? false

const visit = (pass: Pass, node: Node): void => {
  const dy = pass.arrived.get(node)
  if (dy === undefined) return
  pass.arrived.delete(node)
  for (const x of pass.captures.get(node) ?? []) {
    const g = dy[x.outputIndex]
    if (g !== null) pass.sink(x, share(g, pass.createGraph))
  }
  node.check()
  const { edges } = node
  node.needs = edges.map((edge) => edge !== null && pass.wants(edge))
  const dxs = node.needs.includes(true) ? runRule(pass, node, dy) : []
  if (!pass.createGraph) for (const g of dy) g?.dispose()
  if (!pass.retainGraph) node.release()
  for (let i = 0; i < dxs.length; i++) {
    const dx = dxs[i]
    const edge = edges[i]
    if (dx === null) continue
    if (edge === null) dx.dispose()
    else arrive(pass, edge, dx)
  }
}

/** Whether edges lead to the tensors of `wanted`, for the nodes of `order`. */
const reaching = (order: readonly Node[], wanted: ReadonlySet<Tensor>): ((edge: Edge) => boolean) => {
  const reach = new Set<Node>()
  for (const x of wanted) if (x.node !== null) reach.add(x.node)
  const wants = (edge: Edge): boolean => (edge.node === null ? wanted.has(edge.leaf!) : reach.has(edge.node))
  for (let i = order.length - 1; i >= 0; i--)
    if (order[i].edges.some((e) => e !== null && wants(e))) reach.add(order[i])
  return wants
}

/** Sends `seeds` down the graph from `roots` into `sink`. */
const run = (
  roots: readonly Tensor[],
  seeds: readonly Tensor[],
  captures: readonly Tensor[] | null,
  options: BackwardOptions | undefined,
  sink: Sink,
): void => {
  const createGraph = options?.createGraph ?? false
  const byNode = new Map<Node, Tensor[]>()
  const order = descending(roots)
  for (const x of captures ?? []) if (x.node !== null) byNode.set(x.node, [...(byNode.get(x.node) ?? []), x])
  const pass: Pass = {
    createGraph,
    retainGraph: options?.retainGraph ?? createGraph,
    sink,
    captures: byNode,
    arrived: new Map(),
    wants: captures === null ? () => true : reaching(order, new Set(captures)),
  }
  for (const node of order) for (const x of node.retainedOutputs()) byNode.set(node, [...(byNode.get(node) ?? []), x])
  for (const node of order) node.check()
  roots.forEach((y, i) =>
    arrive(pass, { node: y.node, index: y.outputIndex, leaf: y.node === null ? y : null }, seeds[i]),
  )
  for (const node of order) visit(pass, node)
}

const checkRoot = (op: string, y: Tensor, seed: Tensor | null): void => {
  y.live(op)
  if (!y.requiresGrad) {
    throw new GradientError({
      op,
      problem: 'the tensor does not depend on anything that requires a gradient',
      got: y.toString(),
      advice: 'Compute it from parameters, outside of noGrad()',
    })
  }
  if (seed === null && y.size !== 1) {
    throw new GradientError({
      op,
      problem: 'only a tensor of one element has a gradient of its own',
      got: y.toString(),
      expected: 'a scalar, or a gradient to start from',
      advice: 'Reduce it with sum() or mean(), or pass the gradient',
    })
  }
  if (seed !== null && !sameShape(seed.shape, y.shape)) {
    throw new ShapeError({
      op,
      problem: 'the gradient has another shape than the tensor',
      got: show(seed.shape),
      expected: show(y.shape),
    })
  }
}

const seedOf = (y: Tensor, seed: Tensor | null, createGraph: boolean): Tensor =>
  seed === null ? onesLike(y) : share(seed, createGraph)

/** Adds a gradient that the pass owns to a leaf's `grad`. */
const addToGrad =
  (createGraph: boolean): Sink =>
  (leaf, gradient) => {
    const before = leaf.grad
    if (before === null) {
      const fits = exclusive(gradient) && isContiguous(gradient.shape, gradient.strides)
      leaf.grad = keep(createGraph || fits ? gradient : noGrad(() => contiguousCopy(gradient)))
      if (!createGraph && !fits) gradient.dispose()
    } else if (createGraph || before.node !== null) {
      leaf.grad = keep(add(before, gradient))
    } else {
      noGrad(() => addInPlace(before, gradient))
      gradient.dispose()
    }
  }

/**
 * Gradients of `y` with respect to the leaves below it, added to their `grad`, as torch's backward.
 * Its own temporaries are released at once; so is what the graph saved, unless `retainGraph`.
 * @param y - a tensor that depends on leaves with `requiresGrad`
 * @param gradient - the gradient of what follows `y`, of its shape. Default 1 for a scalar.
 * @throws GradientError when there is no graph, it was freed, or a saved tensor was changed since.
 * @example
 * const w = parameter(tensor([1, 2, 3]))
 * sum(square(w)).backward()
 * w.grad.toArray() // => [2, 4, 6]
 */
export const backward = (y: Tensor, gradient: Tensor | null = null, options?: BackwardOptions): void => {
  checkRoot('backward', y, gradient)
  untracked(() =>
    run(
      [y],
      [seedOf(y, gradient, options?.createGraph ?? false)],
      null,
      options,
      addToGrad(options?.createGraph ?? false),
    ),
  )
}

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of what follows the outputs, one each. Default 1 for scalars. */
  readonly gradients?: readonly Tensor[]
  /** Give zeros for inputs that the outputs do not depend on, instead of an error. Default false. */
  readonly allowUnused?: boolean
}

/**
 * Gradients of `outputs` with respect to `inputs`, leaving every `grad` as it is, as torch.autograd.grad.
 * @returns one gradient per input, of its shape
 * @throws GradientError when an input is not part of the graph (see `allowUnused`).
 * @example
 * const x = tensor([3]).requiresGrad_()
 * const [dx] = grad([sum(square(x))], [x], { createGraph: true })
 * grad([sum(dx)], [x])[0].toArray() // => [2]
 */
export const grad = (outputs: readonly Tensor[], inputs: readonly Tensor[], options: GradOptions = {}): Tensor[] => {
  outputs.forEach((y, i) => checkRoot('grad', y, options.gradients?.[i] ?? null))
  const createGraph = options.createGraph ?? false
  const found = new Map<Tensor, Tensor>()
  const wanted = new Set(inputs)
  const sink: Sink = (x, gradient) => {
    if (!wanted.has(x)) {
      if (!createGraph) gradient.dispose()
      return
    }
    const before = found.get(x)
    found.set(x, before === undefined ? gradient : add(before, gradient))
  }
  const seeds = outputs.map((y, i) => seedOf(y, options.gradients?.[i] ?? null, createGraph))
  run(outputs, seeds, inputs, options, sink)
  return inputs.map((x, i) => {
    const dx = found.get(x)
    if (dx !== undefined) return dx
    if (options.allowUnused === true) return noGrad(() => onesLike(x, 0))
    throw new GradientError({
      op: 'grad',
      problem: `the outputs do not depend on input ${i}`,
      got: x.toString(),
      expected: 'inputs that require a gradient and take part in the graph',
      advice: 'Pass { allowUnused: true } for zeros',
    })
  })
}
