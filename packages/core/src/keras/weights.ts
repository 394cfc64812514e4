import { noGrad } from '../autograd/modes.ts'
import { FormatError } from '../errors.ts'
import type { ArrayData } from '../io/array-data.ts'
import { excerpt } from '../io/excerpt.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { keep, scope } from '../tensor/scope.ts'
import { show, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Names with more parts than any real file has are found as a whole only. */
const MAX_PARTS = 12

/** The layers to which a weight may belong: any run of the parts before its own name. */
const layersOf = (parts: readonly string[]): string[] => {
  if (parts.length > MAX_PARTS) return [parts.join('/')]
  const runs = new Set<string>()
  for (let from = 0; from < parts.length; from++)
    for (let to = from + 1; to <= parts.length; to++) runs.add(parts.slice(from, to).join('/'))
  return [...runs]
}

/** The weights of a file, found by their layer: each belongs to one, and none may be left over. */
export class WeightFile {
  private readonly left: Map<string, ArrayData>
  private readonly names = new Map<string, string[]>()

  constructor(arrays: Iterable<readonly [string, ArrayData]>) {
    this.left = new Map(arrays)
    for (const name of this.left.keys()) {
      const parts = name.replace(/:\d+$/, '').split('/')
      const own = parts.pop()!
      for (const layer of layersOf(parts)) {
        const known = this.names.get(`${layer}/${own}`)
        if (known === undefined) this.names.set(`${layer}/${own}`, [name])
        else known.push(name)
      }
    }
  }

  /**
   * Hands out a weight of a layer, once: `layer/name`, else one with more scopes around or between, in the order of
   * the file. Null where there is none.
   */
  take(layers: readonly string[], name: string): ArrayData | null {
    for (const layer of layers) {
      const full = `${layer}/${name}`
      const known = this.names.get(full) ?? []
      const found = this.left.has(full) ? full : known.find((candidate) => this.left.has(candidate))
      if (found === undefined) continue
      const array = this.left.get(found)!
      this.left.delete(found)
      return array
    }
    return null
  }

  /** Throws where a weight belongs to no layer. */
  checkEmpty(): void {
    if (this.left.size === 0) return
    throw new FormatError({
      op: 'tfjs',
      problem: 'weights belong to no layer',
      got: excerpt([...this.left.keys()]),
      expected: 'a layer for each',
    })
  }
}

/** A weight made of another one, which is released. */
export const remade = (x: Tensor, fn: (x: Tensor) => Tensor): Tensor => {
  const y = scope(() => noGrad(() => keep(contiguousCopy(fn(x)))))
  x.dispose()
  return y
}

/** Whether a shape is as expected; null stands for any size. */
export const fitsShape = (shape: Shape, expected: readonly (number | null)[]): boolean =>
  shape.length === expected.length && expected.every((n, i) => n === null || n === shape[i])

/** An expected shape in messages. */
export const showExpected = (expected: readonly (number | null)[]): string =>
  show(expected.map((n) => n ?? Number.NaN)).replaceAll('NaN', 'any')
