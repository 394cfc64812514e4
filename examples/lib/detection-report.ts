import { scope } from '@lanewise/core'
import type { Detector, FasterRcnn } from '@lanewise/cnn'
import { CocoEvaluator, drawBoxes, pictureToTensor, rasterSurface, colorOf } from '@lanewise/vision'
import type { Context } from './context.ts'
import { enlarge, png, sheet, type Picture } from './picture.ts'
import type { Scene } from './street-scenes.ts'

/** How well a detector does on scenes. */
export interface DetectionScores {
  readonly ap: number
  readonly ap50: number
  /** AP at IoU 0.5 by name. */
  readonly perClass: Record<string, number>
  readonly millisecondsPerImage: number
}

/** Corner, width and height, as COCO counts, from corners. */
const cocoBox = (boxes: ArrayLike<number>, i: number): number[] => {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = Array.from({ length: 4 }, (_, k) => boxes[4 * i + k] ?? 0)
  return [x1, y1, x2 - x1, y2 - y1]
}

/** Mean average precision of a model, switched to evaluation, whose class k + 1 is `names[k]`. */
export const measure = (
  model: FasterRcnn,
  scenes: readonly Scene[],
  names: readonly string[],
  { log, progress, signal }: Context,
): DetectionScores => {
  model.eval()
  const evaluator = new CocoEvaluator()
  const bar = progress('measuring', scenes.length)
  let milliseconds = 0
  scenes.forEach(({ picture, boxes, names: own }, i) => {
    signal.throwIfAborted()
    const start = performance.now()
    const [found] = scope(() => model.detect([pictureToTensor(picture)]))
    milliseconds += performance.now() - start
    evaluator.add(
      own.map((name, k) => ({ categoryId: 1 + names.indexOf(name), bbox: cocoBox(boxes, k) })),
      Array.from(found?.scores ?? [], (score, k) => ({
        categoryId: found?.labels[k] ?? 0,
        score,
        bbox: cocoBox(found?.boxes ?? [], k),
      })),
    )
    bar.update(i + 1)
  })
  bar.stop()
  const { ap, ap50, perClass } = evaluator.summary()
  const byName = Object.fromEntries(perClass.map((c) => [names[c.categoryId - 1] ?? '', c.ap50]))
  log(`mAP ${ap.toFixed(4)}, at IoU 0.5 ${ap50.toFixed(4)}: ${JSON.stringify(byName)}`)
  return { ap, ap50, perClass: byName, millisecondsPerImage: milliseconds / scenes.length }
}

/** Scenes three times as large with what was found in them, four in a row, as a PNG. */
export const detectionSheet = (scenes: readonly Scene[], find: Detector): Uint8Array => {
  const factor = 3
  const pictures = scenes.map(({ picture }): Picture => {
    const { width, height, data } = picture
    const large = enlarge({ width, height, channels: 3, data: Uint8Array.from(data) }, factor)
    const found = find(picture)
    const labels = [...new Set(found.map((d) => d.label))].sort()
    drawBoxes(
      rasterSurface(large),
      found.flatMap(({ box }) => [box.xmin, box.ymin, box.xmax, box.ymax].map((v) => v * factor)),
      {
        texts: found.map((d) => `${d.label} ${d.score.toFixed(2)}`),
        colors: found.map((d) => colorOf(labels.indexOf(d.label))),
      },
    )
    return large
  })
  return png(sheet(pictures, 4))
}
