// COCO evaluation of 1,000 generated images with 80 classes: 2 seconds are allowed.
import { evaluateCoco } from '@lanewise/vision'
import { draws } from './inputs.mjs'

const d = draws(1, 1000 * 40 * 6)
const images = Array.from({ length: 1000 }, (_, i) => ({ id: i + 1 }))
const annotations = []
const results = []
for (let i = 0; i < 1000; i++) {
  for (let k = 0; k < 40; k++) {
    const [a, b, c, e, f, g] = d.subarray(6 * (40 * i + k))
    const bbox = [a * 500, b * 400, 8 + c * c * 200, 8 + e * e * 200]
    const categoryId = 1 + Math.floor(f * f * 80)
    if (k < 8)
      annotations.push({ id: annotations.length + 1, imageId: i + 1, categoryId, bbox, isCrowd: k === 7 && f < 0.1 })
    // Two detections near each object, the rest anywhere.
    const near = annotations[annotations.length - 1 - (k % 8)]
    if (k < 24 && near?.imageId === i + 1) {
      results.push({
        imageId: i + 1,
        categoryId: near.categoryId,
        score: g,
        bbox: near.bbox.map((v, j) => v + (d[6 * (40 * i + k) + j] - 0.5) * 8),
      })
    } else results.push({ imageId: i + 1, categoryId, score: g * 0.6, bbox })
  }
}
const dataset = { images, categories: [], annotations }

export const rows = [
  {
    name: 'COCO evaluation, 1,000 images, 80 classes, 40,000 detections',
    bar: { seconds: 2 },
    run: () => void evaluateCoco(dataset, results),
  },
]
