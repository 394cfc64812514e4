import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Generator } from '@lanewise/core'
import {
  evaluateCoco,
  evaluateVoc,
  parseCoco,
  parseCocoResults,
  type CocoDataset,
  type CocoResult,
  type VocDetection,
  type VocObject,
} from '@lanewise/vision'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = 'Mean average precision of stored detections: Pascal VOC (published figures) and COCO'

/** Lines of a folder of text files as words, with the file they stand in. */
const rowsOf = (folder: string): { image: string; words: string[] }[] =>
  readdirSync(folder).flatMap((image) =>
    readFileSync(join(folder, image), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => ({ image, words: line.trim().split(/\s+/) })),
  )

/** xyxy from the words x, y, width, height. */
const corners = (words: string[]): number[] => {
  const [x = NaN, y = NaN, w = NaN, h = NaN] = words.map(Number)
  return [x, y, x + w, y + h]
}

interface Boxes {
  readonly truth: VocObject[]
  readonly found: VocDetection[]
  readonly dataset: CocoDataset
  readonly results: CocoResult[]
}

const stored = (folder: string): Boxes => {
  const voc = join(folder, 'voc/test_case_1')
  const toy = join(folder, 'toyexample')
  const truthFile = join(toy, 'gts_coco_format/toy_example_coco.JSON')
  const detections: { annotations: unknown } = JSON.parse(
    readFileSync(join(toy, 'dets_coco_format/coco_dets.json'), 'utf8'),
  )
  return {
    truth: rowsOf(join(voc, 'gts')).map(({ image, words: [label = '', ...box] }) => ({
      image,
      label,
      box: corners(box),
    })),
    found: rowsOf(join(voc, 'dets')).map(({ image, words: [label = '', score, ...box] }) => ({
      image,
      label,
      score: Number(score),
      box: corners(box),
    })),
    dataset: parseCoco(readFileSync(truthFile, 'utf8'), { file: truthFile }),
    results: parseCocoResults(JSON.stringify(detections.annotations), { file: 'coco_dets.json' }),
  }
}

/** Boxes of random objects and of a detector that misses some, shifts all and sees things. */
const generated = (seed: number): Boxes => {
  const generator = new Generator(seed)
  const draw = (from: number, to: number): number => from + (to - from) * generator.double()
  const images = Array.from({ length: 20 }, (_, i) => ({ id: i + 1 }))
  const annotations = images.flatMap(({ id }) =>
    Array.from({ length: 4 }, (_, k) => ({
      id: 4 * id + k,
      imageId: id,
      categoryId: 1 + generator.randint(2),
      bbox: [draw(0, 400), draw(0, 300), draw(15, 150), draw(15, 150)],
    })),
  )
  const results = annotations
    .filter(() => generator.double() > 0.15)
    .map(({ imageId, categoryId, bbox }) => ({
      imageId,
      categoryId: generator.double() < 0.1 ? 3 - categoryId : categoryId,
      score: draw(0.3, 1),
      bbox: bbox.map((v) => v + draw(-6, 6)),
    }))
  const label = (id: number): string => `class ${id}`
  const box = ([x = 0, y = 0, w = 0, h = 0]: readonly number[]): number[] => [x, y, x + w, y + h]
  return {
    truth: annotations.map((a) => ({ image: String(a.imageId), label: label(a.categoryId), box: box(a.bbox) })),
    found: results.map((r) => ({
      image: String(r.imageId),
      label: label(r.categoryId),
      score: r.score,
      box: box(r.bbox),
    })),
    dataset: { images, categories: [], annotations },
    results,
  }
}

export const run = async ({ data, seed, log, write }: Context): Promise<Metrics> => {
  const folder = join(data, 'detection')
  const real = existsSync(join(folder, 'voc'))
  if (!real) log('The stored detections are not there: generated ones are measured instead.')
  const { truth, found, dataset, results } = real ? stored(folder) : generated(seed)

  const vocAp: Record<string, Record<string, number>> = {}
  for (const method of ['11-point', 'every-point'] as const) {
    vocAp[method] = {}
    for (const iouThreshold of [0.1, 0.3, 0.5, 0.75]) {
      const ap = evaluateVoc(truth, found, { iouThreshold, method }).map
      vocAp[method][iouThreshold] = ap
      log(`VOC ${method.padEnd(11)} IoU ${iouThreshold.toFixed(2)}: AP ${ap.toFixed(10)}`)
    }
  }
  const { perClass } = evaluateVoc(truth, found, { iouThreshold: 0.3 })
  const curves = perClass.map(({ label, recalls, precisions }) => ({
    name: label,
    points: recalls.map((recall, i) => [recall, precisions[i] ?? 0] as const),
  }))
  write('detect-map.svg', plot('Precision over recall, IoU 0.3', curves, 'recall', 'precision'))

  const { ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100 } = evaluateCoco(dataset, results)
  log(`COCO: AP ${ap.toFixed(4)}, at 0.5 ${ap50.toFixed(4)}, at 0.75 ${ap75.toFixed(4)}`)
  return {
    data: real ? 'stored detections' : 'generated',
    vocAp,
    cocoAp: ap,
    cocoAp50: ap50,
    cocoAp75: ap75,
    cocoApSmall: apSmall,
    cocoApMedium: apMedium,
    cocoApLarge: apLarge,
    cocoAr1: ar1,
    cocoAr10: ar10,
    cocoAr100: ar100,
  }
}
