import { ShapeError, ValueError } from '@lanewise/core'
import type { Values } from '@lanewise/vision'

/** The regions' numbers. Throws where they do not fit the images. */
export const checkProposals = (op: string, proposals: readonly Values[], images: number): Float32Array[] => {
  if (proposals.length !== images) {
    throw new ValueError({
      op,
      problem: 'proposals and images do not match',
      got: `${proposals.length} lists for ${images} images`,
      expected: 'one for each',
    })
  }
  return proposals.map((own, i) => {
    const boxes = Float32Array.from('dataSync' in own ? own.dataSync() : own)
    if (boxes.length % 4 === 0 && boxes.every(Number.isFinite)) return boxes
    throw new ShapeError({
      op,
      problem: `the proposals of image ${i} are no boxes`,
      got: `${boxes.length} numbers`,
      expected: '4 finite numbers for each: x1, y1, x2, y2',
    })
  })
}
