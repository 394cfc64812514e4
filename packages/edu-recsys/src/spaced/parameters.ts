import { math, ValueError } from '@lanewise/core'
import { needAbove, needBetween, needWhole, shown } from '../check.ts'

/** The 21 weights of FSRS-6 in their published order, w[0] to w[20]. */
export type FsrsWeights = readonly number[]

/** Options of {@link Fsrs}. */
export interface FsrsOptions {
  /**
   * Default: those fitted to many learners' reviews. Where reviews of one day count, w[19] is raised to 0.01, and with
   * two relearning steps or more w[17] and w[18] are lowered so far that these steps cannot undo a lapse.
   */
  readonly weights?: FsrsWeights
  /** The chance of recall at which a card comes back, in (0, 1]. Default 0.9. */
  readonly retention?: number
  /** The longest interval. Default 36500. */
  readonly maxIntervalDays?: number
  /** Whether reviews of one day and short steps count; without, every interval is a day at least. Default true. */
  readonly shortTerm?: boolean
  /** Minutes between the first reviews of a new card. Default [1, 10]. */
  readonly learningStepsMin?: readonly number[]
  /** Minutes before a forgotten card comes back. Default [10]. */
  readonly relearningStepsMin?: readonly number[]
}

/** The default weights of FSRS-6. */
export const fsrsWeights: FsrsWeights = [
  0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629, 1.6483,
  0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
]

/** What each weight may be; a weight outside is refused. */
const ranges: readonly (readonly [low: number, high: number])[] = [
  [0.001, 100],
  [0.001, 100],
  [0.001, 100],
  [0.001, 100],
  [1, 10],
  [0.001, 4],
  [0.001, 4],
  [0.001, 0.75],
  [0, 4.5],
  [0, 0.8],
  [0.001, 3.5],
  [0.001, 5],
  [0.001, 0.25],
  [0.001, 0.9],
  [0, 4],
  [0, 1],
  [1, 6],
  [0, 2],
  [0, 2],
  [0, 0.8],
  [0.1, 0.8],
]

const needSteps = (op: string, name: string, steps: readonly number[]): void =>
  steps.forEach((value, i) => needBetween({ op, name: `${name}[${i}]`, value }, 0, Infinity))

/**
 * The weights as they act: after a lapse of a card of stability 1 and difficulty 1 at recall 0.7, n good reviews on the same day may not
 * lead past the stability before. Each multiplies by exp(w17 w18), so w17 w18 <= -log(S'fail) / n; both get its root.
 */
const effective = (w: FsrsWeights, shortTerm: boolean, relearningSteps: number): FsrsWeights => {
  const out = [...w]
  if (shortTerm) out[19] = Math.max(out[19], 0.01)
  if (relearningSteps < 2) return out
  const lapse = math.log(w[11]) + math.log(math.pow(2, w[13]) - 1) + 0.3 * w[14]
  const root = Math.round(1e8 * Math.sqrt(Math.max(0, -lapse / relearningSteps))) / 1e8
  for (const i of [17, 18]) out[i] = Math.min(out[i], Math.max(0.01, root))
  return out
}

/** The options with their defaults, each checked. */
export const fsrsOptions = (options: FsrsOptions): Required<FsrsOptions> => {
  const op = 'Fsrs'
  const {
    weights = fsrsWeights,
    retention = 0.9,
    maxIntervalDays = 36500,
    shortTerm = true,
    learningStepsMin = [1, 10],
    relearningStepsMin = [10],
  } = options
  if (weights.length !== 21)
    throw new ValueError({ op, problem: 'another number of weights', got: String(weights.length), expected: '21' })
  ranges.forEach(([low, high], i) => needBetween({ op, name: `weights[${i}]`, value: weights[i] }, low, high))
  needAbove({ op, name: 'retention', value: retention }, 0)
  needBetween({ op, name: 'retention', value: retention }, 0, 1)
  needWhole({ op, name: 'maxIntervalDays', value: maxIntervalDays }, 1, 36500)
  if (typeof shortTerm !== 'boolean')
    throw new ValueError({ op, problem: 'shortTerm is out of range', got: shown(shortTerm), expected: 'true or false' })
  needSteps(op, 'learningStepsMin', learningStepsMin)
  needSteps(op, 'relearningStepsMin', relearningStepsMin)
  const own = effective(weights, shortTerm, relearningStepsMin.length)
  return { weights: own, retention, maxIntervalDays, shortTerm, learningStepsMin, relearningStepsMin }
}
