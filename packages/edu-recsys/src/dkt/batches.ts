import { defaultGenerator, ValueError, type Generator } from '@lanewise/core'
import { needWhole, shown } from '../check.ts'
import { byLearner, type Answer } from '../events/answer.ts'

/** Answers of several learners side by side, padded to one length: what a model reads, and what it has to say. */
export interface DktBatch {
  /** Answers to predict. */
  readonly answers: number
  /** Learners, N. */
  readonly rows: number
  /** Answers read of each, T. */
  readonly steps: number
  /** Skills of an answer at most, M. */
  readonly width: number
  /** What is read: skill + K right, [N T, M]. */
  readonly index: Int32Array<ArrayBuffer>
  /** 1 / skills of the answer, and 0 where it has fewer than M, [N T, M]. */
  readonly share: Float32Array<ArrayBuffer>
  /** Skills of the next answer, [N T, M]. */
  readonly nextIndex: Int32Array<ArrayBuffer>
  /** As `share`, of the next answer. */
  readonly nextShare: Float32Array<ArrayBuffer>
  /** Whether the next answer is right, [N T]. */
  readonly right: Float32Array<ArrayBuffer>
  /** 1 where there is a next answer, [N T]. */
  readonly mask: Float32Array<ArrayBuffer>
}

/** Options of {@link dktBatches}. */
export interface DktBatchOptions {
  /** Learners (or pieces of them) in a batch. Default 32. */
  readonly batchSize?: number
  /** Longer sequences are cut into pieces of so many answers. Default 200. */
  readonly maxAnswers?: number
}

interface Step {
  readonly skills: readonly number[]
  readonly right: number
}

const stepsOf = (answers: readonly Answer[], place: ReadonlyMap<string, number>): Step[] =>
  answers.flatMap(({ skills, correct }) => {
    if (skills.length === 0) return []
    const own = skills.map((skill) => {
      const i = place.get(skill)
      if (i !== undefined) return i
      throw new ValueError({
        op: 'dktBatches',
        problem: 'the skill is not known',
        got: shown(skill),
        expected: `one of ${place.size} skills`,
        advice: 'Build the model with it',
      })
    })
    return [{ skills: own, right: correct ? 1 : 0 }]
  })

const pad = (pieces: readonly (readonly Step[])[], skillCount: number): DktBatch => {
  const rows = pieces.length
  const steps = Math.max(...pieces.map((piece) => piece.length)) - 1
  const width = Math.max(...pieces.map((piece) => Math.max(...piece.map((step) => step.skills.length))))
  const size = rows * steps
  const batch = {
    answers: pieces.reduce((total, piece) => total + piece.length - 1, 0),
    rows,
    steps,
    width,
    index: new Int32Array(size * width),
    share: new Float32Array(size * width),
    nextIndex: new Int32Array(size * width),
    nextShare: new Float32Array(size * width),
    right: new Float32Array(size),
    mask: new Float32Array(size),
  }
  pieces.forEach((piece, n) => {
    for (let t = 0; t + 1 < piece.length; t++) {
      const at = n * steps + t
      const [now, next] = [piece[t], piece[t + 1]]
      now.skills.forEach((skill, m) => {
        batch.index[at * width + m] = skill + skillCount * now.right
        batch.share[at * width + m] = 1 / now.skills.length
      })
      next.skills.forEach((skill, m) => {
        batch.nextIndex[at * width + m] = skill
        batch.nextShare[at * width + m] = 1 / next.skills.length
      })
      batch.right[at] = next.right
      batch.mask[at] = 1
    }
  })
  return batch
}

/**
 * Batches of answers, learner by learner: sorted by length, so that little is padded. Answers without skills are left
 * out; a piece of a single answer has nothing to predict and is left out too.
 * @param skills - the model's
 * @throws ValueError when an answer has a skill that is not among them.
 * @example
 * const answers = [true, false, true].map((correct) => ({ learner: 'ann', skills: ['add'], correct }))
 * const [batch] = dktBatches(answers, ['add', 'subtract'])
 * batch.index // => [2, 0]
 * batch.right // => [0, 1]
 */
export const dktBatches = (
  answers: Iterable<Answer>,
  skills: readonly string[],
  { batchSize = 32, maxAnswers = 200 }: DktBatchOptions = {},
): DktBatch[] => {
  needWhole({ op: 'dktBatches', name: 'batchSize', value: batchSize }, 1)
  needWhole({ op: 'dktBatches', name: 'maxAnswers', value: maxAnswers }, 2)
  const place = new Map(skills.map((skill, i) => [skill, i]))
  const pieces = [...byLearner(answers).values()].flatMap((own) => {
    const all = stepsOf(own, place)
    return Array.from({ length: Math.ceil(all.length / maxAnswers) }, (_, i) =>
      all.slice(i * maxAnswers, (i + 1) * maxAnswers),
    )
  })
  const kept = pieces.filter((piece) => piece.length >= 2).sort((a, b) => a.length - b.length)
  return Array.from({ length: Math.ceil(kept.length / batchSize) }, (_, i) =>
    pad(kept.slice(i * batchSize, (i + 1) * batchSize), skills.length),
  )
}

/**
 * Batches in a new random order at each pass: what `fit` trains on.
 * @param generator - default: core's default generator
 * @example [...shuffledBatches([1, 2, 3])].length // => 3
 */
export const shuffledBatches = <B>(
  batches: readonly B[],
  generator?: Generator,
): Iterable<B> & { readonly length: number } => ({
  length: batches.length,
  *[Symbol.iterator]() {
    for (const i of (generator ?? defaultGenerator()).randperm(batches.length)) yield batches[i]
  },
})
