import { shown } from '../check.ts'
import type { Answer } from './answer.ts'
import { fault, type SourceOptions } from './fault.ts'

/**
 * Reads the table of hmm-scalable: answer (1 right, 2 wrong), learner, question and skills (separated by `~`), with
 * tabs between.
 * @throws FormatError naming file and line at a line of other fields, and at an answer that is missing.
 * @example
 * readHmmScalable('1\tann\tstep1\ta~b\n')
 * // => [{ learner: 'ann', question: 'step1', skills: ['a', 'b'], correct: true }]
 */
export const readHmmScalable = (text: string, { file = 'input' }: SourceOptions = {}): Answer[] =>
  text.split(/\r?\n/).flatMap((row, i) => {
    if (row.trim() === '') return []
    const at = { op: 'readHmmScalable', file, line: i + 1 }
    const fields = row.split('\t').map((field) => field.trim())
    if (fields.length !== 4 || fields.includes('')) {
      throw fault(at, 'other fields', shown(row), 'answer, learner, question and skills with tabs between')
    }
    const [mark, learner, question, list] = fields
    if (mark !== '1' && mark !== '2') throw fault(at, 'not an answer', shown(mark), '1 for right or 2 for wrong')
    const skills = [...new Set(list.split('~').filter((skill) => skill !== '' && skill !== '.'))]
    return [{ learner, question, skills, correct: mark === '1' }]
  })
