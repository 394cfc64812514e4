import { fault, type SourceOptions } from './fault.ts'

/** A row of a CSV file and the line at which it starts. */
export interface CsvRow {
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Reads comma-separated values by RFC 4180: fields may be quoted, and then hold commas, line breaks and doubled quotes.
 * @throws FormatError naming file and line at a quote that stands inside a field, or never ends.
 */
export const parseCsv = (op: string, text: string, { file = 'input' }: SourceOptions = {}): CsvRow[] => {
  const rows: CsvRow[] = []
  let line = 1
  let at = text.startsWith('\ufeff') ? 1 : 0
  while (at < text.length) {
    const start = line
    const fields: string[] = []
    for (let ended = false; !ended;) {
      if (text[at] === '"') {
        const from = at + 1
        for (at = text.indexOf('"', from); at >= 0 && text[at + 1] === '"'; at = text.indexOf('"', at + 2));
        if (at < 0) throw fault({ op, file, line: start }, 'a quoted field does not end', 'the end', 'a closing quote')
        const field = text.slice(from, at)
        line += field.split('\n').length - 1
        fields.push(field.replaceAll('""', '"'))
        at++
        if (at < text.length && !/[,\r\n]/.test(text[at]))
          throw fault(
            { op, file, line },
            'text follows a quoted field',
            JSON.stringify(text.slice(at, at + 10)),
            'a comma',
          )
      } else {
        const end = nextOf(text, at)
        const field = text.slice(at, end)
        if (field.includes('"'))
          throw fault(
            { op, file, line },
            'a quote inside a field',
            JSON.stringify(field.slice(0, 40)),
            'a quoted field',
          )
        fields.push(field)
        at = end
      }
      ended = text[at] !== ','
      if (!ended) at++
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    line++
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: start, fields })
  }
  return rows
}

/** Where an unquoted field ends. */
const nextOf = (text: string, from: number): number => {
  let at = from
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 44 || c === 10 || c === 13) break
  }
  return at
}
