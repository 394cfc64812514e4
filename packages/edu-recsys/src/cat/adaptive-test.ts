import { FormatError, Generator, ValueError } from '@lanewise/core'
import { needAbove, needFormat, needWhole, shown } from '../check.ts'
import { eapAbility, type Ability, type EapOptions } from '../irt/ability.ts'
import { checkItem, type Item } from '../irt/irt.ts'
import { mostInformative, rankItems, type Choose } from './exposure.ts'

/** Options of {@link AdaptiveTest}. */
export interface AdaptiveTestOptions {
  /** Which item comes next. Default: the most informative. */
  readonly choose?: Choose
  /** An end when the standard error is at most this. Default 0.3. */
  readonly standardError?: number
  /** Items before the standard error may end the test. Default 1. */
  readonly minItems?: number
  /** An end after so many items. Default: all of the bank. */
  readonly maxItems?: number
  /** The prior of ability. Default: N(0, 1). */
  readonly prior?: EapOptions
  /** For choices by chance. Default: seed 0. */
  readonly generator?: Generator
}

/** Why a test ended. */
export type TestEnd = 'precise' | 'length' | 'bank'

/** What {@link AdaptiveTest.toJSON} gives. */
export interface SavedTest {
  readonly format: string
  readonly given: readonly number[]
  readonly marks: readonly boolean[]
  /** Items that were set aside. */
  readonly aside: readonly number[]
  /** The item that waits for its answer, or null. */
  readonly waiting: number | null
  /** The generator's state in hexadecimal. */
  readonly generator: string
}

const format = 'lanewise.adaptive-test.1'

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))

/**
 * An adaptive test: after each answer ability is estimated anew (EAP), and the next item is chosen for what it tells
 * there, until the estimate is precise enough.
 * @throws ValueError when an item or option is out of range.
 * @example
 * const items = Array.from({ length: 30 }, (_, i) => ({ a: 1.5, b: (i - 15) / 6 }))
 * const test = new AdaptiveTest(items, { standardError: 0.4 })
 * for (let item = test.next(); item !== null; item = test.next()) test.answer(items[item].b < 1)
 * test.end // => 'precise'
 * test.ability.theta > 0.5 // => true
 */
export class AdaptiveTest {
  readonly items: readonly Item[]
  private readonly options: Required<AdaptiveTestOptions>
  private given: number[] = []
  private marks: boolean[] = []
  private aside: number[] = []
  private waiting: number | null = null
  private estimate: Ability

  constructor(items: readonly Item[], options: AdaptiveTestOptions = {}) {
    const op = 'AdaptiveTest'
    items.forEach((item, i) => checkItem(`${op}: item ${i}`, item))
    needWhole({ op, name: 'the number of items', value: items.length }, 1)
    const {
      choose = mostInformative(),
      standardError = 0.3,
      minItems = 1,
      maxItems = items.length,
      prior = {},
      generator = new Generator(0),
    } = options
    needAbove({ op, name: 'standardError', value: standardError }, 0)
    needWhole({ op, name: 'maxItems', value: maxItems }, 1, items.length)
    needWhole({ op, name: 'minItems', value: minItems }, 1, maxItems)
    this.items = items
    this.options = { choose, standardError, minItems, maxItems, prior, generator }
    this.estimate = eapAbility([], [], prior)
  }

  /** The estimate from the answers so far. */
  get ability(): Ability {
    return this.estimate
  }

  /** The items answered so far, in order, and whether each was right. */
  get answers(): readonly { readonly item: number; readonly correct: boolean }[] {
    return this.marks.map((correct, i) => ({ item: this.given[i], correct }))
  }

  /** Why the test ended; null while it goes on. */
  get end(): TestEnd | null {
    const { standardError, minItems, maxItems } = this.options
    const count = this.marks.length
    if (count >= minItems && this.estimate.standardError <= standardError) return 'precise'
    if (count + this.aside.length >= this.items.length) return 'bank'
    return count >= maxItems ? 'length' : null
  }

  /** The item to give now; the same until it is answered, null at the end. */
  next(): number | null {
    if (this.waiting !== null) return this.waiting
    if (this.end !== null) return null
    const { choose, generator } = this.options
    const ranked = rankItems(this.items, this.estimate.theta, new Set([...this.given, ...this.aside]))
    const aside: number[] = []
    const item = choose(ranked, generator, (i) => aside.push(i))
    if (!ranked.includes(item) || aside.includes(item))
      throw new ValueError({
        op: 'AdaptiveTest',
        problem: 'the choice is no item that is left',
        got: shown(item),
        expected: 'one of the ranked items',
      })
    this.aside.push(...aside)
    this.waiting = item
    return item
  }

  /**
   * Takes the answer to the item that {@link next} gave.
   * @throws ValueError when no item waits for an answer.
   */
  answer(correct: boolean): void {
    const { waiting } = this
    if (waiting === null)
      throw new ValueError({
        op: 'AdaptiveTest.answer',
        problem: 'no item waits for an answer',
        advice: 'Call next() first',
      })
    const [given, marks] = [
      [...this.given, waiting],
      [...this.marks, correct],
    ]
    this.estimate = eapAbility(
      given.map((i) => this.items[i]),
      marks,
      this.options.prior,
    )
    this.given = given
    this.marks = marks
    this.waiting = null
  }

  /** Plain data for JSON: the answers, the item that waits and the generator; items and options are the caller's. */
  toJSON(): SavedTest {
    const { given, marks, aside, waiting, options } = this
    return { format, given, marks, aside: [...aside], waiting, generator: toHex(options.generator.state()) }
  }

  /**
   * Goes on with a test that {@link toJSON} saved, with the same items and options.
   * @throws FormatError when the data do not fit the items; the test is then unchanged.
   */
  load(saved: unknown): this {
    const op = 'AdaptiveTest.load'
    const { given, marks, aside, waiting, generator } = needFormat(op, saved, format)
    const isItem = (i: unknown): i is number => Number.isInteger(i) && Number(i) >= 0 && Number(i) < this.items.length
    const isList = (value: unknown): value is unknown[] => Array.isArray(value)
    const used = isList(given) && isList(aside) ? [...given, ...aside, ...(waiting === null ? [] : [waiting])] : [null]
    const fits =
      isList(marks) &&
      used.every(isItem) &&
      new Set(used).size === used.length &&
      marks.every((mark) => typeof mark === 'boolean') &&
      isList(given) &&
      given.length === marks.length
    if (!fits || typeof generator !== 'string' || !/^([0-9a-f]{2})+$/.test(generator)) {
      throw new FormatError({
        op,
        problem: 'the answers do not fit the items',
        got: `given ${shown(given)}, marks ${shown(marks)}, waiting ${shown(waiting)}`,
        expected: `each of ${this.items.length} items once, a mark for each, and a generator`,
      })
    }
    const own = given.filter(isItem)
    const right = marks.map((mark) => mark === true)
    const estimate = eapAbility(
      own.map((i) => this.items[i]),
      right,
      this.options.prior,
    )
    this.options.generator.setState(fromHex(generator))
    this.estimate = estimate
    this.given = own
    this.marks = right
    this.aside = isList(aside) ? aside.filter(isItem) : []
    this.waiting = isItem(waiting) ? waiting : null
    return this
  }
}
