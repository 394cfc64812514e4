// Suppression: at most torchvision's time is asked for.
import { nms } from '@lanewise/vision'
import { nmsInput } from './inputs.mjs'

const row = (kind, n) => {
  const { boxes, scores } = nmsInput(kind, n)
  return {
    name: `NMS, ${n.toLocaleString('en')} boxes, ${kind}`,
    peer: `nms ${kind} ${n}`,
    bar: { ratio: 1 },
    run: () => nms(boxes, scores, { iouThreshold: 0.5 }).length,
  }
}

export const rows = ['sparse', 'clustered', 'all kept'].flatMap((kind) => [row(kind, 1000), row(kind, 10000)])
