import { shown } from '../check.ts'
import type { Answer } from './answer.ts'
import { fault, type Place, type SourceOptions } from './fault.ts'

/** Options of {@link readThreeLine}. */
export interface ThreeLineOptions extends SourceOptions {
  /** Prefix of the learners' names, before their number from 1. Default `learner`. */
  readonly learners?: string
}

/** The items of a line; one comma at the end is borne, as some of these files have it. */
const items = (line: string): string[] => {
  const text = line.trim().replace(/,$/, '')
  return text === '' ? [] : text.split(',').map((item) => item.trim())
}

const whole = /^\d{1,9}$/

const needAll = (at: Place, list: readonly string[], rule: RegExp, what: string): void => {
  const i = list.findIndex((item) => !rule.test(item))
  if (i >= 0) throw fault(at, `item ${i + 1} is not ${what}`, shown(list[i]), what)
}

/**
 * Reads the three-line form of knowledge tracing data: for each learner the number of answers, the skills' numbers, and
 * 0 or 1 for wrong or right. Skills keep their numbers as names; learners are numbered.
 * @throws FormatError naming file and line when a line is missing, has another number of items than its first line
 * says, or holds anything but numbers.
 * @example
 * readThreeLine('2\n5,7\n0,1\n')
 * // => [{ learner: 'learner1', skills: ['5'], correct: false }, { learner: 'learner1', skills: ['7'], correct: true }]
 */
export const readThreeLine = (text: string, options: ThreeLineOptions = {}): Answer[] => {
  const { file = 'input', learners = 'learner' } = options
  const lines = text.split(/\r?\n/)
  while (lines.length > 0 && lines[lines.length - 1].trim() === '') lines.pop()
  const answers: Answer[] = []
  for (let i = 0; i < lines.length; i += 3) {
    const at = (offset: number): Place => ({ op: 'readThreeLine', file, line: i + offset + 1 })
    const head = lines[i].trim().replace(/,$/, '')
    if (!whole.test(head)) throw fault(at(0), 'not a number of answers', shown(head), 'a whole number')
    if (i + 2 >= lines.length) {
      throw fault(at(0), 'the learner is cut off', `${lines.length - i} lines`, 'a number, skills and answers')
    }
    const [skills, marks] = [items(lines[i + 1]), items(lines[i + 2])]
    for (const [offset, list] of [skills, marks].entries()) {
      if (list.length !== Number(head)) {
        throw fault(at(offset + 1), 'another number of items', String(list.length), `${head}, as line ${i + 1} says`)
      }
    }
    needAll(at(1), skills, whole, 'a skill number')
    needAll(at(2), marks, /^[01]$/, '0 or 1')
    const learner = `${learners}${i / 3 + 1}`
    skills.forEach((skill, t) => answers.push({ learner, skills: [skill], correct: marks[t] === '1' }))
  }
  return answers
}
