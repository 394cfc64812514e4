import { refusePromise } from '../autograd/modes.ts'
import { Tensor } from './tensor.ts'

/** The tensors made since the innermost scope opened; null outside of any. */
let tracked: Tensor[] | null = null

/** Enters a new tensor into the open scope. */
export const track = (x: Tensor): void => {
  if (tracked !== null) tracked.push(x)
}

/** Whether a scope is open. */
export const inScope = (): boolean => tracked !== null

/** Makes the open scope let go of what it has tracked so far, for work that goes on after it ends. */
export const forget = (): void => {
  if (tracked !== null) tracked.length = 0
}

/** Marks `x`, and whatever its graph needs for a later backward pass, to outlive all open scopes. */
export const keep = <T extends Tensor>(x: T): T => {
  x.kept = true
  return x
}

/** Collects the tensors in a value: a tensor, or arrays, maps, sets and objects of them. */
const collect = (value: unknown, found: Set<Tensor>, seen: Set<object>): void => {
  if (value instanceof Tensor) {
    found.add(value)
    return
  }
  if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return
  seen.add(value)
  const parts = value instanceof Map || value instanceof Set ? [...value.values()] : Object.values(value)
  for (const part of parts) collect(part, found, seen)
}

/** Adds what a backward pass from the found tensors would read. */
const collectGraph = (found: Set<Tensor>): void => {
  const nodes = new Set<NonNullable<Tensor['node']>>()
  const queue = [...found]
  for (let x = queue.pop(); x !== undefined; x = queue.pop()) {
    if (x.grad !== null) found.add(x.grad)
    const stack = x.node === null ? [] : [x.node]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (nodes.has(node)) continue
      nodes.add(node)
      for (const saved of node.savedTensors()) found.add(saved)
      for (const edge of node.edges) if (edge?.node) stack.push(edge.node)
    }
  }
}

/** Ends a scope: disposes what it tracked but for `found`, which passes to the scope around it. */
const close = (mine: Tensor[], outer: Tensor[] | null, found: Set<Tensor>): void => {
  tracked = outer
  for (const x of mine) {
    if (found.has(x)) {
      if (outer !== null) outer.push(x)
    } else if (!x.kept) {
      x.dispose()
    }
  }
}

/**
 * Runs `fn` and releases every tensor that it made and did not return. Returned are tensors in arrays,
 * objects and maps too, with what their graph needs for backward. Scopes nest.
 * @param fn - a synchronous function
 * @returns what `fn` returns
 * @throws ValueError when `fn` returns a Promise.
 * @example
 * const y = scope(() => add(mul(tensor([1, 2]), 3), 1)) // the product is released
 * y.toArray() // => [4, 7]
 */
export const scope = <T>(fn: () => T): T => {
  const outer = tracked
  const mine: Tensor[] = []
  const found = new Set<Tensor>()
  tracked = mine
  try {
    const result = refusePromise('scope', fn())
    collect(result, found, new Set())
    collectGraph(found)
    return result
  } finally {
    close(mine, outer, found)
  }
}

/**
 * Runs `fn` and releases every tensor that it made and does not list: a scope for code that runs often and leaves no
 * graph behind.
 */
export const listingScope = <T extends readonly (Tensor | null)[]>(fn: () => T): T => {
  const outer = tracked
  const mine: Tensor[] = []
  let listed: T | undefined
  tracked = mine
  try {
    listed = fn()
    return listed
  } finally {
    tracked = outer
    for (const x of mine) {
      if (listed?.includes(x) === true) outer?.push(x)
      else if (!x.kept) x.dispose()
    }
  }
}

/** Runs `fn` with the tensors that it makes outside of any scope: they belong to its caller. */
export const untracked = <T>(fn: () => T): T => {
  const outer = tracked
  tracked = null
  try {
    return fn()
  } finally {
    tracked = outer
  }
}
