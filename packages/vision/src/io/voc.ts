import { fault, numberField, type SourceOptions } from './fault.ts'

/** An object of a Pascal VOC annotation. */
export interface VocAnnotationObject {
  readonly name: string
  /** xyxy in pixels, counted from 1, both edges inside, as the file has them. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number]
  readonly difficult: boolean
  readonly truncated: boolean
}

/** A Pascal VOC annotation: one image. */
export interface VocAnnotation {
  readonly fileName: string
  readonly width: number
  readonly height: number
  readonly objects: readonly VocAnnotationObject[]
}

/** An element of the small part of XML that annotations use. */
interface Element {
  readonly name: string
  readonly line: number
  readonly children: Element[]
  text: string
}

const op = 'parseVoc'
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (whole, hex, decimal, name) => {
    const code = hex ? parseInt(hex, 16) : decimal ? Number(decimal) : -1
    return code < 0 ? (entities[name] ?? whole) : code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })

const skipped = /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!DOCTYPE[^>[]*>/y
const tag = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const cdata = /<!\[CDATA\[([\s\S]*?)\]\]>/y

/** Matches a sticky pattern at a place. */
const at = (pattern: RegExp, text: string, from: number): RegExpExecArray | null => {
  pattern.lastIndex = from
  return pattern.exec(text)
}

const parseElements = (text: string, file: string): Element => {
  const root: Element = { name: '', line: 1, children: [], text: '' }
  const open = [root]
  let line = 1
  const pass = (piece: string): void => {
    for (let i = piece.indexOf('\n'); i >= 0; i = piece.indexOf('\n', i + 1)) line++
  }
  const broken = (problem: string): Error => fault({ op, file, line, field: 'the XML', problem })
  for (let i = 0; i < text.length;) {
    const current = open[open.length - 1]
    if (text[i] !== '<') {
      const end = text.indexOf('<', i)
      const piece = text.slice(i, end < 0 ? text.length : end)
      current.text += decode(piece)
      pass(piece)
      i += piece.length
      continue
    }
    const verbatim = at(cdata, text, i)
    const match = verbatim ?? at(skipped, text, i) ?? at(tag, text, i)
    if (match === null) throw broken('not a tag')
    if (verbatim) current.text += verbatim[1]
    const [whole, slash, name, , closed] = match
    if (name !== undefined && slash === '/') {
      if (name !== current.name) throw broken(`</${name}> closes <${current.name || 'nothing'}>`)
      open.pop()
    } else if (name !== undefined) {
      if (open.length > 50) throw broken('elements are nested too deeply')
      const element: Element = { name, line, children: [], text: '' }
      current.children.push(element)
      if (closed !== '/') open.push(element)
    }
    pass(whole)
    i += whole.length
  }
  if (open.length > 1) throw broken(`<${open[open.length - 1].name}> is not closed`)
  return root
}

const child = (element: Element, name: string): Element | undefined => element.children.find((c) => c.name === name)

const needed = (element: Element, name: string, path: string, file: string): Element => {
  const found = child(element, name)
  if (found !== undefined) return found
  throw fault({ op, file, line: element.line, field: `${path}.${name}`, problem: 'missing' })
}

const numberOf = (element: Element, name: string, path: string, file: string): number => {
  const found = needed(element, name, path, file)
  return numberField(found.text, { op, file, line: found.line, field: `${path}.${name}` })
}

const flag = (element: Element, name: string): boolean => child(element, name)?.text.trim() === '1'

const readObject = (element: Element, path: string, file: string): VocAnnotationObject => {
  const bounds = needed(element, 'bndbox', path, file)
  const side = (name: string): number => numberOf(bounds, name, `${path}.bndbox`, file)
  return {
    name: needed(element, 'name', path, file).text.trim(),
    box: [side('xmin'), side('ymin'), side('xmax'), side('ymax')],
    difficult: flag(element, 'difficult'),
    truncated: flag(element, 'truncated'),
  }
}

/**
 * Reads a Pascal VOC annotation.
 * @throws FormatError naming file, line and field where the text is not such a file.
 * @example
 * const size = '<size><width>4</width><height>3</height></size>'
 * parseVoc(`<annotation><filename>a.jpg</filename>${size}</annotation>`).width // => 4
 */
export const parseVoc = (text: string, { file = 'input' }: SourceOptions = {}): VocAnnotation => {
  const root = parseElements(text, file)
  const annotation = child(root, 'annotation')
  if (annotation === undefined) throw fault({ op, file, line: 1, field: 'annotation', problem: 'missing' })
  const size = needed(annotation, 'size', 'annotation', file)
  const objects = annotation.children.filter((c) => c.name === 'object')
  return {
    fileName: child(annotation, 'filename')?.text.trim() ?? '',
    width: numberOf(size, 'width', 'annotation.size', file),
    height: numberOf(size, 'height', 'annotation.size', file),
    objects: objects.map((o, i) => readObject(o, `annotation.object[${i}]`, file)),
  }
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? '&quot;')

/**
 * Writes a Pascal VOC annotation; {@link parseVoc} reads it back.
 * @example
 * const text = formatVoc({ fileName: 'a.jpg', width: 4, height: 3, objects: [] })
 * parseVoc(text).fileName // => 'a.jpg'
 */
export const formatVoc = ({ fileName, width, height, objects }: VocAnnotation): string =>
  [
    '<annotation>',
    `\t<filename>${escaped(fileName)}</filename>`,
    `\t<size><width>${width}</width><height>${height}</height><depth>3</depth></size>`,
    ...objects.flatMap(({ name, box: [x1, y1, x2, y2], difficult, truncated }) => [
      '\t<object>',
      `\t\t<name>${escaped(name)}</name>`,
      `\t\t<truncated>${Number(truncated)}</truncated>`,
      `\t\t<difficult>${Number(difficult)}</difficult>`,
      `\t\t<bndbox><xmin>${x1}</xmin><ymin>${y1}</ymin><xmax>${x2}</xmax><ymax>${y2}</ymax></bndbox>`,
      '\t</object>',
    ]),
    '</annotation>',
    '',
  ].join('\n')
