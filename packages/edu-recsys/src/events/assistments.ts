import { shown } from '../check.ts'
import type { Answer } from './answer.ts'
import { parseCsv, type CsvRow } from './csv.ts'
import { fault, type Place, type SourceOptions } from './fault.ts'

/** Options of {@link readAssistments}. */
export interface AssistmentsOptions extends SourceOptions {
  /** The column that names the skill. Default `skill_id`. */
  readonly skill?: string
  /** What separates several skills in one field. Default `_`. */
  readonly separator?: string
}

const op = 'readAssistments'
const needed = ['order_id', 'user_id', 'problem_id', 'correct'] as const

interface Row {
  readonly place: Place
  readonly order: number
  readonly key: string
  readonly skills: string[]
  readonly answer: Omit<Answer, 'skills'>
}

const empty = /^(|NA|nan|NULL)$/i
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A number in a field, or undefined where the field is empty or missing. */
const numberOf = (place: Place, name: string, text: string | undefined, low: number): number | undefined => {
  if (text === undefined || empty.test(text.trim())) return undefined
  const value = decimal.test(text) ? Number(text) : NaN
  if (Number.isFinite(value) && value >= low) return value
  throw fault(
    place,
    `${name} does not fit`,
    shown(text),
    low === -Infinity ? 'a finite number' : `a finite number >= ${low}`,
  )
}

const rowReader = (header: CsvRow, options: AssistmentsOptions): ((row: CsvRow) => Row) => {
  const { file = 'input', skill = 'skill_id', separator = '_' } = options
  const names = header.fields.map((name) => name.trim())
  for (const name of [...needed, skill]) {
    if (names.includes(name)) continue
    throw fault({ op, file, line: header.line }, `there is no column ${name}`, shown(names), `a column ${name}`)
  }
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i)
  if (twice !== undefined)
    throw fault({ op, file, line: header.line }, 'a column comes twice', shown(twice), 'each column once')
  return ({ line, fields }) => {
    const place = { op, file, line }
    if (fields.length !== names.length) {
      throw fault(place, 'another number of fields', String(fields.length), `${names.length}, as the first line has`)
    }
    const field = (name: string): string | undefined => fields[names.indexOf(name)]?.trim()
    const text = (name: string): string => {
      const value = field(name) ?? ''
      if (empty.test(value)) throw fault(place, `${name} is empty`, shown(value), 'a value')
      return value
    }
    const number = (name: string, low: number): number | undefined => numberOf(place, name, field(name), low)
    const correct = text('correct')
    if (!/^[01](\.0+)?$/.test(correct)) throw fault(place, 'correct does not fit', shown(correct), '0 or 1')
    const [learner, question] = [text('user_id'), text('problem_id')]
    const [durationMs, hints, attempts] = [
      number('ms_first_response', -Infinity),
      number('hint_count', 0),
      number('attempt_count', 0),
    ]
    const own = field(skill) ?? ''
    const skills = empty.test(own) ? [] : own.split(separator).map((s) => s.trim())
    if (skills.includes(''))
      throw fault(place, `${skill} has an empty part`, shown(own), `skills with ${separator} between`)
    return {
      place,
      order: number('order_id', -Infinity) ?? NaN,
      key: JSON.stringify([text('order_id'), learner, question]),
      skills: [...new Set(skills)],
      answer: {
        learner,
        question,
        correct: correct.startsWith('1'),
        // Some rows of the published file have negative times; they tell nothing.
        ...(durationMs !== undefined && durationMs >= 0 && { durationMs }),
        ...(hints !== undefined && Number.isInteger(hints) && { hints }),
        ...(attempts !== undefined && Number.isInteger(attempts) && attempts > 0 && { attempts }),
      },
    }
  }
}

/**
 * Reads the CSV form of the ASSISTments data (columns order_id, user_id, problem_id, correct and a skill; others as far
 * as present). Rows that repeat one answer for each of its skills become one {@link Answer} with several skills, since
 * a model that saw them one by one would see the answer that it has to predict. Answers are sorted by order_id.
 * @throws FormatError naming file and line at a missing column, a row of another length, a value that does not fit, and
 * rows of one answer that disagree.
 * @example
 * const csv = 'order_id,user_id,problem_id,correct,skill_id\n1,7,50,1,3\n1,7,50,1,4\n'
 * readAssistments(csv).map((answer) => answer.skills) // => [['3', '4']]
 */
export const readAssistments = (text: string, options: AssistmentsOptions = {}): Answer[] => {
  const [header, ...rows] = parseCsv(op, text, options)
  if (header === undefined) {
    throw fault({ op, file: options.file ?? 'input', line: 1 }, 'there is no header', 'an empty text', 'column names')
  }
  const read = rowReader(header, options)
  const merged = new Map<string, Row>()
  for (const row of rows) {
    const next = read(row)
    const known = merged.get(next.key)
    if (known === undefined) merged.set(next.key, next)
    else if (known.answer.correct !== next.answer.correct) {
      throw fault(
        next.place,
        'it disagrees with an earlier row',
        `correct ${next.answer.correct}`,
        `line ${known.place.line}'s ${known.answer.correct}`,
      )
    } else for (const skill of next.skills) if (!known.skills.includes(skill)) known.skills.push(skill)
  }
  return [...merged.values()]
    .sort((a, b) => a.order - b.order)
    .map(({ answer: { learner, question, ...rest }, skills }) => ({
      learner,
      ...(question !== undefined && { question }),
      skills,
      ...rest,
    }))
}
