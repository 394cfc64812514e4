import { ValueError } from '@lanewise/core'
import { rleFromString, rleMerge, type Rle } from '../boxes/rle.ts'
import { polygonToRle } from '../boxes/polygon.ts'
import type { ImageSize } from '../boxes/boxes.ts'
import { groupBy } from '../group.ts'
import {
  CocoEvaluator,
  type CocoDetection,
  type CocoObject,
  type CocoOptions,
  type CocoSummary,
} from '../metrics/coco.ts'
import { shown, type SourceOptions } from './fault.ts'
import { JsonReader } from './json.ts'

/** An image of a COCO data set. */
export interface CocoImage {
  readonly id: number
  readonly fileName?: string
  readonly width?: number
  readonly height?: number
}

/** An annotation of a COCO data set. */
export interface CocoAnnotation extends CocoObject {
  readonly id: number
  readonly imageId: number
}

/** A COCO data set: images, classes and what is in the images. */
export interface CocoDataset {
  readonly images: readonly CocoImage[]
  readonly categories: readonly { readonly id: number; readonly name: string }[]
  readonly annotations: readonly CocoAnnotation[]
}

/** A detection of a COCO results file. */
export interface CocoResult extends CocoDetection {
  readonly imageId: number
}

type Path = readonly (string | number)[]

/** Drops the fields that are undefined. */
const present = <T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined)) as T

/** COCO's three ways to write a mask: polygons, run lengths, run lengths as text. An empty list is no mask. */
const readMask = (r: JsonReader, value: unknown, path: Path, size: ImageSize | undefined): Rle | undefined => {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined
  try {
    if (Array.isArray(value)) {
      if (size === undefined) throw r.fault(path, { problem: 'polygons need the width and height of their image' })
      return rleMerge(
        value.map((p, i) => polygonToRle(r.numbers(p, [...path, i]), size)),
        'union',
      )
    }
    const { size: sides, counts } = r.fields(value, path)
    const [height, width] = r.numbers(sides, [...path, 'size'], 2)
    checkSide(r, height, [...path, 'size', 0])
    checkSide(r, width, [...path, 'size', 1])
    if (typeof counts === 'string') return rleFromString(counts, { width, height })
    const runs = r.numbers(counts, [...path, 'counts'])
    return { width, height, counts: checkRuns(runs, width * height) }
  } catch (error) {
    if (error instanceof Error && !error.message.startsWith(`${r.op}:`))
      throw r.fault(path, { problem: error.message.replace(/\.$/, '') })
    throw error
  }
}

/** Sides of an image are whole and at most 65,535, so that a file cannot ask for endless memory. */
const checkSide = (r: JsonReader, side: number | undefined, path: Path): number | undefined => {
  if (side === undefined || (Number.isInteger(side) && side >= 0 && side <= 65535)) return side
  throw r.fault(path, { problem: 'not a side of an image', got: String(side), expected: 'a whole number up to 65535' })
}

const checkRuns = (runs: number[], pixels: number): number[] => {
  const total = runs.reduce((a, b) => (b >= 0 && Number.isInteger(b) ? a + b : NaN), 0)
  if (total === pixels) return runs
  throw new RangeError(`the runs hold ${total} pixels, the image ${pixels}`)
}

const readKeypoints = (r: JsonReader, value: unknown, path: Path): number[] | undefined => {
  if (value === undefined) return undefined
  const points = r.numbers(value, path)
  if (points.length % 3 === 0) return points
  throw r.fault(path, { problem: 'key-points are not triples', got: `${points.length} numbers` })
}

const readFlag = (r: JsonReader, value: unknown, path: Path): boolean => {
  if (value === undefined || value === false || value === 0) return false
  if (value === true || value === 1) return true
  throw r.fault(path, { problem: 'not a flag', got: shown(value), expected: '0 or 1' })
}

const optionalNumber = (r: JsonReader, value: unknown, path: Path): number | undefined =>
  value === undefined || value === null ? undefined : r.number(value, path)

/**
 * Reads a COCO annotation file.
 * @throws FormatError naming file, line and field where the text is not such a file: broken JSON, missing or wrong
 * fields, ids used twice, images or classes that are not there.
 * @example
 * parseCoco('{"images":[{"id":7}],"categories":[],"annotations":[]}').images // => [{ id: 7 }]
 */
export const parseCoco = (text: string, { file = 'input' }: SourceOptions = {}): CocoDataset => {
  const r = new JsonReader('parseCoco', text, file)
  const root = r.fields(r.parse(), [])
  const images = r.list(root.images, ['images']).map((value, i) => {
    const path: Path = ['images', i]
    const v = r.fields(value, path)
    return present<CocoImage>({
      id: r.number(v.id, [...path, 'id']),
      fileName: v.file_name === undefined ? undefined : r.text(v.file_name, [...path, 'file_name']),
      width: checkSide(r, optionalNumber(r, v.width, [...path, 'width']), [...path, 'width']),
      height: checkSide(r, optionalNumber(r, v.height, [...path, 'height']), [...path, 'height']),
    })
  })
  const categories = r.list(root.categories ?? [], ['categories']).map((value, i) => {
    const v = r.fields(value, ['categories', i])
    const id = r.number(v.id, ['categories', i, 'id'])
    return { id, name: v.name === undefined ? String(id) : r.text(v.name, ['categories', i, 'name']) }
  })
  const imageOf = unique(r, 'images', images)
  const categoryOf = unique(r, 'categories', categories)
  const annotations = r.list(root.annotations, ['annotations']).map((value, i) => {
    const path: Path = ['annotations', i]
    const v = r.fields(value, path)
    const imageId = r.number(v.image_id, [...path, 'image_id'])
    const categoryId = r.number(v.category_id, [...path, 'category_id'])
    const image = imageOf.get(imageId)
    if (image === undefined) throw r.fault([...path, 'image_id'], { problem: 'no such image', got: shown(imageId) })
    if (categories.length > 0 && !categoryOf.has(categoryId)) {
      throw r.fault([...path, 'category_id'], { problem: 'no such category', got: shown(categoryId) })
    }
    const size = image.width && image.height ? { width: image.width, height: image.height } : undefined
    return present<CocoAnnotation>({
      id: optionalNumber(r, v.id, [...path, 'id']) ?? i + 1,
      imageId,
      categoryId,
      bbox: r.numbers(v.bbox, [...path, 'bbox'], 4),
      area: optionalNumber(r, v.area, [...path, 'area']),
      isCrowd: readFlag(r, v.iscrowd, [...path, 'iscrowd']) ? true : undefined,
      mask: readMask(r, v.segmentation, [...path, 'segmentation'], size),
      keypoints: readKeypoints(r, v.keypoints, [...path, 'keypoints']),
    })
  })
  unique(r, 'annotations', annotations)
  return { images, categories, annotations }
}

const unique = <T extends { readonly id: number }>(
  r: JsonReader,
  name: string,
  items: readonly T[],
): Map<number, T> => {
  const byId = new Map<number, T>()
  items.forEach((item, i) => {
    if (byId.has(item.id)) throw r.fault([name, i, 'id'], { problem: 'id used twice', got: String(item.id) })
    byId.set(item.id, item)
  })
  return byId
}

/**
 * Reads a COCO results file: a list of detections.
 * @throws FormatError naming file, line and field where the text is not such a file.
 * @example
 * parseCocoResults('[{"image_id":1,"category_id":2,"bbox":[0,0,4,4],"score":0.5}]')[0].score // => 0.5
 */
export const parseCocoResults = (text: string, { file = 'input' }: SourceOptions = {}): CocoResult[] => {
  const r = new JsonReader('parseCocoResults', text, file)
  return r.list(r.parse(), []).map((value, i) => {
    const v = r.fields(value, [i])
    return present<CocoResult>({
      imageId: r.number(v.image_id, [i, 'image_id']),
      categoryId: r.number(v.category_id, [i, 'category_id']),
      score: r.number(v.score, [i, 'score']),
      bbox: v.bbox === undefined ? undefined : r.numbers(v.bbox, [i, 'bbox'], 4),
      mask: readMask(r, v.segmentation, [i, 'segmentation'], undefined),
      keypoints: readKeypoints(r, v.keypoints, [i, 'keypoints']),
    })
  })
}

/** A mask as COCO writes it. */
const maskJson = (mask: Rle): object => ({ size: [mask.height, mask.width], counts: Array.from(mask.counts) })

/**
 * Writes a COCO annotation file; {@link parseCoco} reads it back.
 * @example
 * formatCoco({ images: [{ id: 7 }], categories: [], annotations: [] }).length // => 54
 */
export const formatCoco = ({ images, categories, annotations }: CocoDataset): string =>
  JSON.stringify({
    images: images.map(({ id, fileName, width, height }) => ({ id, file_name: fileName, width, height })),
    categories,
    annotations: annotations.map(({ id, imageId, categoryId, bbox, area, isCrowd, mask, keypoints }) => ({
      id,
      image_id: imageId,
      category_id: categoryId,
      bbox,
      area: area ?? bbox[2] * bbox[3],
      iscrowd: isCrowd ? 1 : 0,
      segmentation: mask && maskJson(mask),
      keypoints,
    })),
  })

/**
 * Writes a COCO results file; {@link parseCocoResults} reads it back.
 * @example
 * formatCocoResults([{ imageId: 1, categoryId: 2, score: 0.5, bbox: [0, 0, 4, 4] }]).length // => 61
 */
export const formatCocoResults = (results: readonly CocoResult[]): string =>
  JSON.stringify(
    results.map(({ imageId, categoryId, bbox, score, mask, keypoints }) => ({
      image_id: imageId,
      category_id: categoryId,
      bbox,
      score,
      segmentation: mask && maskJson(mask),
      keypoints,
    })),
  )

/**
 * COCO's averages of detections against a data set: the numbers of pycocotools. Classes without detections or
 * annotations do not count.
 * @throws ValueError when a result names an image that is not there, or what the iouType compares is missing.
 * @source Checked against pycocotools 2.0.11 in coco.test.ts
 * @example
 * const found = { imageId: 1, categoryId: 2, bbox: [0, 0, 40, 40] }
 * const dataset = { images: [{ id: 1 }], categories: [], annotations: [{ id: 1, ...found }] }
 * evaluateCoco(dataset, [{ ...found, score: 0.5 }]).ap50 // => 1
 */
export const evaluateCoco = (
  dataset: CocoDataset,
  results: readonly CocoResult[],
  options: CocoOptions = {},
): CocoSummary => {
  const evaluator = new CocoEvaluator(options)
  const truth = groupBy(dataset.annotations, (a) => a.imageId)
  const found = groupBy(results, (r) => r.imageId)
  const ids = dataset.images.map((image) => image.id).sort((a, b) => a - b)
  const known = new Set(ids)
  results.forEach(({ imageId }, i) => {
    if (known.has(imageId)) return
    throw new ValueError({
      op: 'evaluateCoco',
      problem: 'a result names an image that is not there',
      got: `image ${imageId} in result ${i}`,
      expected: `one of the ${ids.length} images`,
    })
  })
  for (const id of ids) evaluator.add(truth.get(id) ?? [], found.get(id) ?? [])
  return evaluator.summary()
}
