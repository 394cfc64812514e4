import { ShapeError, ValueError } from '../errors.ts'
import { show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul } from './binary.ts'
import { diagonal } from './diagonal.ts'
import { matmul } from './matmul.ts'
import { sum } from './reduce.ts'
import { expand, permute, reshape } from './views.ts'

/** A tensor with a label for each axis; the axes of an ellipsis are numbered from the last. */
interface Labelled {
  readonly x: Tensor
  readonly labels: readonly string[]
}

const fail = (equation: string, problem: string, expected: string): ValueError =>
  new ValueError({ op: 'einsum', problem, got: `'${equation}'`, expected })

/** Splits a term such as 'ij...k' into labels for an operand of `rank` axes. */
const labelsOf = (equation: string, term: string, rank: number): string[] => {
  const parts = term.split('...')
  const letters = parts.join('')
  if (parts.length > 2 || !/^[a-zA-Z]*$/.test(letters)) {
    throw fail(equation, `the term '${term}' is not valid`, "letters and at most one '...'")
  }
  const hidden = rank - letters.length
  if (parts.length === 1 ? hidden !== 0 : hidden < 0) {
    throw new ShapeError({
      op: 'einsum',
      problem: `the term '${term}' does not fit its operand`,
      got: `rank ${rank}`,
      expected: `rank ${letters.length}${parts.length === 2 ? ' or more' : ''}`,
    })
  }
  if (parts.length === 1) return [...letters]
  return [...parts[0], ...Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`), ...parts[1]]
}

/** The output's labels: those given, or the ellipsis and then, in order, the letters that occur once. */
const outputLabels = (
  equation: string,
  given: string | undefined,
  inputs: readonly (readonly string[])[],
): string[] => {
  const all = inputs.flat()
  const hidden = Math.max(0, ...all.filter((l) => l.startsWith('.')).map((l) => Number(l.slice(1)) + 1))
  const once = all.filter((l) => !l.startsWith('.') && all.indexOf(l) === all.lastIndexOf(l)).sort()
  const term = given ?? `...${once.join('')}`
  const labels = labelsOf(equation, term, term.replace('...', '').length + (term.includes('...') ? hidden : 0))
  const unknown = labels.find((l, i) => !all.includes(l) || labels.indexOf(l) !== i)
  if (unknown !== undefined)
    throw fail(
      equation,
      `the output's label '${unknown}' is unknown or given twice`,
      'labels of the operands, each once',
    )
  return labels
}

/** Joins axes of equal label into their diagonal. */
const withoutRepeats = ({ x, labels }: Labelled): Labelled => {
  const second = labels.findIndex((l, i) => labels.indexOf(l) !== i)
  if (second < 0) return { x, labels }
  const first = labels.indexOf(labels[second])
  if (x.shape[first] !== x.shape[second]) throw mismatch(labels[first], [x.shape[first], x.shape[second]])
  const rest = labels.filter((_, i) => i !== first && i !== second)
  return withoutRepeats({ x: diagonal(x, { axis1: first, axis2: second }), labels: [...rest, labels[first]] })
}

const mismatch = (label: string, sizes: readonly number[]): ShapeError =>
  new ShapeError({
    op: 'einsum',
    problem: `the axes labelled '${label}' differ`,
    got: show(sizes),
    expected: 'equal sizes, or 1',
  })

/** The size of each label; a size of 1 broadcasts. */
const sizesOf = (operands: readonly Labelled[]): Map<string, number> => {
  const sizes = new Map<string, number>()
  for (const { x, labels } of operands) {
    labels.forEach((label, i) => {
      const before = sizes.get(label) ?? 1
      if (before !== 1 && x.shape[i] !== 1 && before !== x.shape[i]) throw mismatch(label, [before, x.shape[i]])
      sizes.set(label, before === 1 ? x.shape[i] : before)
    })
  }
  return sizes
}

/** Adds up the axes that nothing else names. */
const sumAway = ({ x, labels }: Labelled, kept: ReadonlySet<string>): Labelled => {
  const axes = labels.map((_, i) => i).filter((i) => !kept.has(labels[i]))
  if (axes.length === 0) return { x, labels }
  return { x: sum(x, axes), labels: labels.filter((l) => kept.has(l)) }
}

/** The axes in the order of `order`, with size 1 where the operand has none. */
const arrange = ({ x, labels }: Labelled, order: readonly string[]): Tensor => {
  const present = order.filter((l) => labels.includes(l))
  const turned = permute(
    x,
    present.map((l) => labels.indexOf(l)),
  )
  return reshape(
    turned,
    order.map((l) => (labels.includes(l) ? x.shape[labels.indexOf(l)] : 1)),
  )
}

/** Contracts two operands: labels that neither the output nor another operand needs are summed. */
const contract = (
  a: Labelled,
  b: Labelled,
  kept: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): Labelled => {
  const size = (list: readonly string[]): number[] => list.map((l) => sizes.get(l)!)
  const shared = a.labels.filter((l) => b.labels.includes(l))
  const batch = shared.filter((l) => kept.has(l))
  const summed = shared.filter((l) => !kept.has(l))
  const rows = a.labels.filter((l) => !shared.includes(l))
  const columns = b.labels.filter((l) => !shared.includes(l))
  const labels = [...batch, ...rows, ...columns]
  if (summed.length === 0) return { x: mul(arrange(a, labels), arrange(b, labels)), labels }
  const left = expand(arrange(a, [...batch, ...rows, ...summed]), size([...batch, ...rows, ...summed]))
  const right = expand(arrange(b, [...batch, ...summed, ...columns]), size([...batch, ...summed, ...columns]))
  const [N, n, k, m] = [batch, rows, summed, columns].map((list) => sizeOf(size(list)))
  const product = matmul(reshape(left, [N, n, k]), reshape(right, [N, k, m]))
  return { x: reshape(product, size(labels)), labels }
}

/**
 * Sums of products over labelled axes, as torch.einsum: each letter names an axis, letters that the output lacks are
 * summed, a letter twice in one term takes the diagonal, and '...' stands for axes that broadcast. Operands are
 * contracted from left to right by matrix products.
 * @param equation - such as 'ij,jk->ik'; without '->' the output has the letters that occur once, in order
 * @throws ValueError when the equation is not valid, ShapeError when it does not fit the operands.
 * @source Checked against torch.einsum 1.13 in einsum.test.ts
 * @example
 * const x = tensor([[1, 2], [3, 4]])
 * einsum('ij,jk->ik', [x, x]).toArray() // => [[7, 10], [15, 22]]
 * einsum('ii', [x]).item() // => 5
 */
export const einsum = (equation: string, operands: readonly Tensor[]): Tensor => {
  const [left, right, ...more] = equation.replaceAll(/\s/g, '').split('->')
  const terms = left.split(',')
  if (more.length > 0) throw fail(equation, "there is more than one '->'", 'at most one')
  if (terms.length !== operands.length) {
    throw fail(equation, 'the terms do not fit the operands', `${operands.length} terms separated by commas`)
  }
  const named = operands.map((x, i) => ({ x, labels: labelsOf(equation, terms[i], x.rank) }))
  const output = outputLabels(
    equation,
    right,
    named.map((o) => o.labels),
  )
  const parts = named.map(withoutRepeats)
  const sizes = sizesOf(parts)
  const result = parts.reduce((a, b, i) => {
    const later = new Set([...output, ...parts.slice(i + 1).flatMap((o) => o.labels)])
    const needed = (other: Labelled): Set<string> => new Set([...later, ...other.labels])
    return contract(sumAway(a, needed(b)), sumAway(b, needed(a)), later, sizes)
  })
  const summed = sumAway(result, new Set(output))
  return expand(
    arrange(summed, output),
    output.map((l) => sizes.get(l)!),
  )
}
