import { readdirSync, readFileSync } from 'node:fs'
import { FormatError } from '@lanewise/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataPath } from '../testing/shared.ts'
import { formatCoco, formatCocoResults, parseCoco, parseCocoResults } from './coco.ts'
import { formatMot, motFrames, parseMot } from './mot.ts'
import { formatVoc, parseVoc } from './voc.ts'
import { formatYolo, parseYolo } from './yolo.ts'

const at = { file: 'gt.txt' }

describe('COCO files', () => {
  const text = `{
  "images": [{"id": 1, "file_name": "a.jpg", "width": 6, "height": 5}, {"id": 2}],
  "categories": [{"id": 3, "name": "car"}],
  "annotations": [
    {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 3, 2], "area": 6, "iscrowd": 1,
     "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]]},
    {"id": 2, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "segmentation": {"size": [5, 6], "counts": [1, 29]},
     "keypoints": [1, 2, 2]}
  ]
}`

  it('are read and written', () => {
    const dataset = parseCoco(text)
    expect(dataset.annotations[0]).toMatchObject({ imageId: 1, categoryId: 3, area: 6, isCrowd: true })
    expect(dataset.annotations[1]).toMatchObject({
      mask: { width: 6, height: 5, counts: [1, 29] },
      keypoints: [1, 2, 2],
    })
    const again = parseCoco(formatCoco(dataset))
    expect(again.images).toEqual(dataset.images)
    expect(again.annotations.map(({ mask }) => Array.from(mask?.counts ?? []))).toEqual(
      dataset.annotations.map(({ mask }) => Array.from(mask?.counts ?? [])),
    )
    const results = [{ imageId: 1, categoryId: 3, bbox: [1, 2, 3, 4], score: 0.5 }]
    expect(parseCocoResults(formatCocoResults(results))).toEqual(results)
  })

  const broken = (from: string, to: string) => () => parseCoco(text.replace(from, to), at)

  it('name file, line and field of a fault', () => {
    expect(broken('"area": 6', '"area": "6"')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 5, annotations[0].area: not a number; got "6", expected a finite number.]`,
    )
    expect(broken('[0, 0, 1, 1]', '[0, 0, 1]')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].bbox: wrong number of values; got 3, expected 4.]`,
    )
    expect(broken('"id": 2, "image_id": 1', '"id": 2, "image_id": 9')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].image_id: no such image; got 9.]`,
    )
    expect(broken('"id": 2, "image_id": 1', '"id": 1, "image_id": 1')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].id: id used twice; got 1.]`,
    )
    expect(broken('"category_id": 3, "bbox": [0', '"category_id": 4, "bbox": [0')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].category_id: no such category; got 4.]`,
    )
    expect(broken('[1, 29]', '[1, 28]')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].segmentation: the runs hold 29 pixels, the image 30.]`,
    )
    expect(broken('[1, 29]', '"zz~"')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 7, annotations[1].segmentation: rleFromString: not a run-length text; got character "z" at 0, expected characters 0 to o.]`,
    )
    expect(broken('[1, 2, 2]', '[1, 2]')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 8, annotations[1].keypoints: key-points are not triples; got 2 numbers.]`,
    )
    expect(broken('"iscrowd": 1', '"iscrowd": "yes"')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 5, annotations[0].iscrowd: not a flag; got "yes", expected 0 or 1.]`,
    )
    expect(broken('"a.jpg"', '17')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 2, images[0].file_name: not a text; got 17.]`,
    )
    expect(broken('"name": "car"', '"name": null')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 3, categories[0].name: not a text; got null.]`,
    )
    expect(broken('"annotations"', '"annotation"')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 10, annotations: not a list; got undefined.]`,
    )
    expect(broken('"car"}', '"car"')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 3, the value: not JSON; got "],\\n  \\"annotations\\": ".]`,
    )
    expect(broken('{"id": 2}]', '{"id": 2}')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 3, the value: not JSON; got ": [{\\"id\\": 3, \\"name\\":".]`,
    )
    expect(broken('"width": 6', '"width": 1e9')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 2, images[0].width: not a side of an image; got 1000000000, expected a whole number up to 65535.]`,
    )
    expect(broken('[1, 1, 4, 1, 4', '[1, 1, 4e9, 1, 4')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 6, annotations[0].segmentation: polygonToRle: a corner is not finite or lies far outside of the image; got coordinate 4000000000 in an image of 6x5, expected at most one image and 1,000 pixels beyond its edges.]`,
    )
    expect(() => parseCoco('', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCoco: gt.txt, line 1, the value: not JSON; got the end.]`,
    )
    expect(() => parseCocoResults('[\n{"image_id": 1, "category_id": 1}]', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseCocoResults: gt.txt, line 2, [0].score: not a number; got undefined, expected a finite number.]`,
    )
  })

  const folder = dataPath('detection/toyexample')

  it.skipIf(folder === null)('of the toy example are read (skipped without the data)', () => {
    const dataset = parseCoco(readFileSync(`${folder}/gts_coco_format/toy_example_coco.JSON`, 'utf8'))
    expect(dataset.images).toHaveLength(10)
    expect(dataset.annotations.every((a) => a.mask === undefined)).toBe(true)
  })
})

describe('VOC files', () => {
  const text = `<?xml version="1.0"?>
<!-- a comment -->
<annotation verified="yes">
  <filename>a &amp; b.jpg</filename>
  <size><width>10</width><height>20</height></size>
  <object><name><![CDATA[car]]></name><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox>
    <part/></object>
</annotation>`

  it('are read and written', () => {
    const annotation = parseVoc(text)
    expect(annotation).toEqual({
      fileName: 'a & b.jpg',
      width: 10,
      height: 20,
      objects: [{ name: 'car', box: [1, 2, 3.5, 4], difficult: true, truncated: false }],
    })
    expect(parseVoc(formatVoc(annotation))).toEqual(annotation)
  })

  const broken = (from: string, to: string) => () => parseVoc(text.replace(from, to), at)

  it('name file, line and field of a fault', () => {
    expect(broken('<xmax>3.5</xmax>', '')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 7, annotation.object[0].bndbox.xmax: missing.]`,
    )
    expect(broken('3.5', 'wide')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 7, annotation.object[0].bndbox.xmax: not a number; got "wide", expected a finite number.]`,
    )
    expect(broken('</bndbox>', '</box>')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 7, the XML: </box> closes <bndbox>.]`,
    )
    expect(broken('<part/>', '<part')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 8, the XML: not a tag.]`,
    )
    expect(broken('</annotation>', '')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 9, the XML: <annotation> is not closed.]`,
    )
    expect(() => parseVoc('', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseVoc: gt.txt, line 1, annotation: missing.]`,
    )
  })

  const folder = dataPath('detection/toyexample/gts_vocpascal_format')

  it.skipIf(folder === null)('of the toy example are read (skipped without the data)', () => {
    const files = readdirSync(folder ?? '').map((name) =>
      parseVoc(readFileSync(`${folder}/${name}`, 'utf8'), { file: name }),
    )
    expect(files.length).toBe(10)
    expect(files.flatMap((f) => f.objects).length).toBeGreaterThan(10)
  })
})

describe('YOLO files', () => {
  it('are read and written', () => {
    const text = '0 0.5 0.5 0.25 1\n\r\n3 0.1 0.2 0.3 0.4 0.9\n'
    expect(parseYolo(text)).toEqual([
      { label: 0, box: [0.5, 0.5, 0.25, 1] },
      { label: 3, box: [0.1, 0.2, 0.3, 0.4], score: 0.9 },
    ])
    expect(parseYolo(formatYolo(parseYolo(text)))).toEqual(parseYolo(text))
  })

  it('name file, line and field of a fault', () => {
    expect(() => parseYolo('0 0 0 1 1\n1 2 3', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseYolo: gt.txt, line 2, the line: wrong number of fields; got "1 2 3", expected 5, or 6 with a score.]`,
    )
    expect(() => parseYolo('-1 0 0 1 1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseYolo: gt.txt, line 1, class: not a class; got -1, expected a whole number from 0 on.]`,
    )
    expect(() => parseYolo('0 0 Infinity 1 1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseYolo: gt.txt, line 1, y: not a number; got "Infinity", expected a finite number.]`,
    )
  })
})

describe('MOT files', () => {
  it('are read, written and grouped', () => {
    const rows = parseMot('2,7,1,2,3,4,1,1,0.5\n1, 7, 1.5, 2, 3, 4\n1 8 0 0 1 1 0.3')
    expect(rows.map((r) => [r.frame, r.id, r.score, r.label, r.visibility])).toEqual([
      [2, 7, 1, 1, 0.5],
      [1, 7, 1, -1, -1],
      [1, 8, 0.3, -1, -1],
    ])
    expect(motFrames(rows).map((f) => [f.frame, [...Array.from(f.ids)], [...Array.from(f.boxes)]])).toEqual([
      [1, [7, 8], [1.5, 2, 4.5, 6, 0, 0, 1, 1]],
      [2, [7], [1, 2, 4, 6]],
    ])
    expect(parseMot(formatMot(rows)).map((r) => r.box)).toEqual(rows.map((r) => r.box))
  })

  it('name file, line and field of a fault', () => {
    expect(() => parseMot('1,1,0,0,1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseMot: gt.txt, line 1, the line: wrong number of fields; got "1,1,0,0,1", expected at least 6.]`,
    )
    expect(() => parseMot('1,1,0,0,1,1\n1.5,1,0,0,1,1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseMot: gt.txt, line 2, frame: not a whole number; got "1.5", expected a whole number from 0 on.]`,
    )
    expect(() => parseMot('1,1,0,0,x,1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseMot: gt.txt, line 1, width: not a number; got "x", expected a finite number.]`,
    )
    expect(() => parseMot('1,1,0,0,1,1\n1,1,5,5,1,1', at)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: parseMot: gt.txt, line 2, id: appears twice in its frame; got id 1 in frame 1.]`,
    )
    expect(parseMot('1,-1,0,0,1,1\n1,-1,5,5,1,1')).toHaveLength(2)
  })
})

describe('hostile text', () => {
  const samples = [
    '{"images":[{"id":1,"width":4,"height":4}],"categories":[],"annotations":[{"image_id":1,"category_id":1,"bbox":[0,0,1,1],"segmentation":{"size":[4,4],"counts":"01"}}]}',
    '[{"image_id":1,"category_id":1,"score":1,"bbox":[0,0,1,1]}]',
    '<annotation><size><width>1</width><height>1</height></size><object><name>a</name></object></annotation>',
    '0 0.5 0.5 1 1\n',
    '1,1,0,0,1,1,1\n',
  ]
  const readers = [parseCoco, parseCocoResults, parseVoc, parseYolo, parseMot]

  it('gives results or typed errors, whatever is cut, repeated or replaced', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2, 3, 4),
        fc.nat(300),
        fc.nat(40),
        fc.oneof(fc.string(), fc.constantFrom('[[[[', '}}', '<', '<a', 'NaN', '1e999', '-0', ',', '\n', '"', '\\')),
        (which, from, length, insert) => {
          const sample = samples[which]
          const text = sample.slice(0, from) + insert + sample.slice(from + length)
          try {
            readers[which](text)
          } catch (error) {
            expect(FormatError.is(error), String(error)).toBe(true)
          }
        },
      ),
      { numRuns: 1500, seed: 1 },
    )
  })

  it('does not overflow on deep nesting', () => {
    expect(() => parseCoco('['.repeat(100_000))).toThrow(FormatError)
    expect(() => parseVoc('<a>'.repeat(100_000))).toThrow(FormatError)
  })
})
