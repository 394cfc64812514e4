import { ValueError } from '@lanewise/core'
import { isRecord, shown } from '../check.ts'
import { checkAnswer, type Answer } from './answer.ts'
import { fault, placeOf, type Place, type SourceOptions } from './fault.ts'

/** Options of {@link readXapi}. */
export interface XapiOptions extends SourceOptions {
  /** The skills of a statement. Default: the ids of its context's `category` activities. */
  readonly skillsOf?: (statement: Readonly<Record<string, unknown>>) => readonly string[]
}

const op = 'readXapi'
const answered = 'http://adlnet.gov/expapi/verbs/answered'

/** The value below a path of fields, or undefined. */
const within = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), value)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** One of the four ways in which xAPI names an actor. */
const learnerOf = (actor: unknown): string | undefined => {
  const account = [within(actor, 'account', 'homePage'), within(actor, 'account', 'name')]
  if (account.every(isText)) return account.join('#')
  return ['mbox', 'mbox_sha1sum', 'openid'].map((name) => within(actor, name)).find(isText)
}

const categories = (statement: Readonly<Record<string, unknown>>): readonly string[] => {
  const list = within(statement, 'context', 'contextActivities', 'category')
  const all = Array.isArray(list) ? list : list === undefined ? [] : [list]
  return [...new Set(all.map((activity) => within(activity, 'id')).filter(isText))]
}

const duration = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
const partsMs = [86_400_000, 3_600_000, 60_000, 1000]

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds, as xAPI writes answer times. */
const durationOf = (text: string): number | undefined => {
  const parts = duration.exec(text)?.slice(1)
  if (parts === undefined || parts.every((part) => part === undefined)) return undefined
  return parts.reduce((total, part, i) => total + (part === undefined ? 0 : Number(part) * partsMs[i]), 0)
}

const timestamp = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:Z|([+-])(\d{2}):?(\d{2}))$/

/** Milliseconds since 1970 of an ISO 8601 time; undefined where there is no such day, hour or zone. */
const timeOf = (text: string): number | undefined => {
  const [, year, month, day, hour, minute, second = '0', part = '0', sign = '+', zoneH = '0', zoneM = '0'] =
    timestamp.exec(text) ?? []
  if (year === undefined) return undefined
  const whole = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  // A day that does not exist would roll over into the next month; a leap second or 24:00 into the next minute.
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second.padStart(2, '0')}`
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== written) return undefined
  if (Number(zoneH) > 23 || Number(zoneM) > 59) return undefined
  const offset = (60 * Number(zoneH) + Number(zoneM)) * 60_000
  return whole + Math.floor(1000 * Number(part)) - (sign === '-' ? -offset : offset)
}

/** The optional parts of a result and a time, each checked. */
const details = (place: Place, statement: Readonly<Record<string, unknown>>): Partial<Answer> => {
  const [scaled, took, at] = [
    within(statement, 'result', 'score', 'scaled'),
    within(statement, 'result', 'duration'),
    statement['timestamp'],
  ]
  if (scaled !== undefined && !(typeof scaled === 'number' && scaled >= -1 && scaled <= 1))
    throw fault(place, 'result.score.scaled does not fit', shown(scaled), 'a number from -1 to 1')
  const durationMs = isText(took) ? durationOf(took) : undefined
  if (took !== undefined && durationMs === undefined)
    throw fault(place, 'result.duration does not fit', shown(took), 'an ISO 8601 duration such as PT12.5S')
  const timeMs = isText(at) ? timeOf(at) : undefined
  if (at !== undefined && timeMs === undefined)
    throw fault(place, 'timestamp does not fit', shown(at), 'an ISO 8601 time with its zone')
  return {
    // xAPI scales to [-1, 1]; below 0 is worse than nothing.
    ...(typeof scaled === 'number' && { score: Math.max(0, scaled) }),
    ...(timeMs !== undefined && { timeMs }),
    ...(durationMs !== undefined && { durationMs }),
  }
}

const answerOf = (place: Place, statement: unknown, { skillsOf = categories }: XapiOptions): Answer | null => {
  if (!isRecord(statement)) throw fault(place, 'not a statement', shown(statement), 'an object')
  const verb = within(statement, 'verb', 'id')
  if (!isText(verb)) throw fault(place, 'there is no verb', shown(verb), 'verb.id')
  if (verb !== answered) return null
  const [learner, question, correct] = [
    learnerOf(statement['actor']),
    within(statement, 'object', 'id'),
    within(statement, 'result', 'success'),
  ]
  if (learner === undefined)
    throw fault(place, 'the actor has no name', shown(statement['actor']), 'account, mbox, mbox_sha1sum or openid')
  if (!isText(question)) throw fault(place, 'object.id does not fit', shown(question), 'the id of what was answered')
  if (typeof correct !== 'boolean') throw fault(place, 'result.success does not fit', shown(correct), 'true or false')
  const answer = { learner, question, skills: [...skillsOf(statement)], correct, ...details(place, statement) }
  return checkAnswer(answer, `${op}: ${placeOf(place)}`)
}

const parse = (place: Place, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw fault(place, 'not JSON', shown(text), 'a statement')
  }
}

/**
 * Reads xAPI statements: one JSON object a line, or one JSON array. Statements of other verbs than `answered` are left
 * out; the others keep their order.
 * @throws FormatError naming file and line, or the number of the statement in an array, at text that is not JSON and at an answer without actor, object or success,
 * or with a score, duration or time that does not fit.
 * @source https://github.com/adlnet/xAPI-Spec (xAPI-Data.md)
 * @example
 * const line = JSON.stringify({
 *   actor: { mbox: 'mailto:ann@example.org' },
 *   verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
 *   object: { id: 'https://example.org/q/1' },
 *   result: { success: true, duration: 'PT1M2.5S' },
 *   context: { contextActivities: { category: [{ id: 'fractions' }] } },
 * })
 * const [answer] = readXapi(line)
 * answer.skills // => ['fractions']
 * answer.durationMs // => 62500
 */
export const readXapi = (text: string, options: XapiOptions = {}): Answer[] => {
  const { file = 'input' } = options
  const at = (i: number): Place => ({ op, file, line: i + 1 })
  // Files of some systems begin with a byte order mark.
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text
  if (plain.trimStart().startsWith('[')) {
    const list = parse(at(0), plain)
    if (!Array.isArray(list)) throw fault(at(0), 'not a list', shown(list), 'statements')
    return list.flatMap((statement, i) => answerOf({ ...at(i), unit: 'statement' }, statement, options) ?? [])
  }
  return plain
    .split(/\r?\n/)
    .flatMap((row, i) => (row.trim() === '' ? [] : (answerOf(at(i), parse(at(i), row), options) ?? [])))
}

/**
 * The xAPI statement of an answer; {@link readXapi} gives the answer back, but for hints and attempts.
 * @param home - the home page of the learners' accounts
 * @throws ValueError when the answer names no question.
 * @example
 * const answer = { learner: 'ann', question: 'https://example.org/q/1', skills: ['fractions'], correct: true }
 * readXapi(JSON.stringify(toXapi(answer, 'https://example.org')))[0].learner // => 'https://example.org#ann'
 */
export const toXapi = (answer: Answer, home: string): Readonly<Record<string, unknown>> => {
  const { learner, question, skills, correct, score, timeMs, durationMs } = checkAnswer(answer, 'toXapi')
  if (question === undefined) {
    throw new ValueError({
      op: 'toXapi',
      problem: 'the answer names no question',
      got: shown(question),
      expected: 'an id',
    })
  }
  return {
    actor: { objectType: 'Agent', account: { homePage: home, name: learner } },
    verb: { id: answered, display: { 'en-US': 'answered' } },
    object: { id: question },
    result: {
      success: correct,
      ...(score !== undefined && { score: { scaled: score } }),
      ...(durationMs !== undefined && { duration: `PT${Number((durationMs / 1000).toFixed(6))}S` }),
    },
    context: { contextActivities: { category: skills.map((id) => ({ id })) } },
    ...(timeMs !== undefined && { timestamp: new Date(timeMs).toISOString() }),
  }
}
