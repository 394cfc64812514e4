import type { CheckedFrame } from './detections.ts'

/** The running mean of appearances, nine parts old and one part new, of length 1. */
export const blendAppearance = (old: Float64Array | null, seen: Float64Array): Float64Array => {
  if (old === null) return seen.slice()
  const mixed = old.map((v, k) => 0.9 * v + 0.1 * seen[k])
  const length = Math.sqrt(mixed.reduce((sum, v) => sum + v * v, 0))
  return length > 0 ? mixed.map((v) => v / length) : seen.slice()
}

/** The appearance of detection `i`, or null where the frame has none. */
export const appearanceOf = ({ embeddings, dimensions }: CheckedFrame, i: number): Float64Array | null =>
  embeddings === null ? null : embeddings.subarray(i * dimensions, (i + 1) * dimensions)

/** Half the cosine distance of a track's appearance and that of detection `i`; Infinity where either has none. */
export const unlikeness = (
  appearance: Float64Array | null,
  { embeddings, dimensions }: CheckedFrame,
  i: number,
): number => {
  if (appearance === null || embeddings === null) return Infinity
  let cosine = 0
  for (let d = 0; d < dimensions; d++) cosine += appearance[d] * embeddings[i * dimensions + d]
  return (1 - cosine) / 2
}
