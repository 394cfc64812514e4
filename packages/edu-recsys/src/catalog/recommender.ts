import { ValueError } from '@lanewise/core'
import type { Mastery } from '../graph/graph.ts'
import { interactions, itemsOf, type Interactions } from '../recommend/interactions.ts'
import { ItemKnn } from '../recommend/item-knn.ts'
import { topItems } from '../recommend/recommend.ts'
import type { Catalog, CatalogEvent, CatalogItem } from './catalog.ts'
import { GradeModel, type Grade } from './grades.ts'

/** What makes up a score; each is from 0 to 1. */
export interface CatalogParts {
  /** Those who used what this learner used also used the item. */
  readonly behaviour: number
  /** The mean of 1 - mastery over the item's skills. */
  readonly need: number
  /** The grade to expect. */
  readonly success: number
  /** How many used it, against the most used item. */
  readonly popularity: number
}

/** One recommendation and what speaks for it. */
export interface CatalogRecommendation {
  readonly item: CatalogItem
  /** The weighted mean of the parts. */
  readonly score: number
  readonly parts: CatalogParts
  /** The learner's own items that lead here, strongest first; at most three. */
  readonly because: readonly string[]
}

/** An item whose gate is closed. */
export interface BlockedItem {
  readonly item: CatalogItem
  /** The required skills that are not mastered. */
  readonly missing: readonly string[]
}

/** What {@link CatalogRecommender} takes. */
export interface CatalogRecommenderOptions {
  /** How much each part counts. Default behaviour 0.4, need 0.3, success 0.2, popularity 0.1. */
  readonly weights?: Partial<CatalogParts>
  /** Mastery from which a required skill counts as mastered, in (0, 1]. Default 0.6. */
  readonly threshold?: number
}

/** What {@link CatalogRecommender.recommend} takes. */
export interface CatalogQuery {
  /** Length of the list. Default 5. */
  readonly k?: number
  /** Mastery by a learner model. Default the best grade in anything that teaches the skill. */
  readonly mastery?: Mastery
  /** Only courses or only resources. Default both. */
  readonly kind?: CatalogItem['kind']
}

const strength = { viewed: 1, started: 2, completed: 4 }
const defaultWeights: CatalogParts = { behaviour: 0.4, need: 0.3, success: 0.2, popularity: 0.1 }

const fail = (problem: string, got: string, expected: string): never => {
  throw new ValueError({ op: 'CatalogRecommender', problem, got, expected })
}

const checkEvent = ({ learner, kind, grade }: CatalogEvent, at: number): void => {
  if (typeof learner !== 'string' || learner === '') fail(`event ${at} has no learner`, String(learner), 'text')
  if (!Object.hasOwn(strength, kind))
    fail(`event ${at} is of no known kind`, String(kind), Object.keys(strength).join(', '))
  if (grade !== undefined && !(grade >= 0 && grade <= 1))
    fail(`the grade of event ${at} is out of range`, String(grade), 'a number from 0 to 1')
}

/** A gate may not open for a mastery that is no number. */
const checkMastery = (mastery: Mastery | undefined): Mastery | undefined => {
  for (const [skill, value] of mastery ?? [])
    if (!(value >= 0 && value <= 1)) fail(`not a mastery of ${skill}`, String(value), 'a number from 0 to 1')
  return mastery
}

const checkOptions = (weights: CatalogParts, threshold: number): void => {
  if (!(threshold > 0 && threshold <= 1)) fail('threshold is out of range', String(threshold), 'a number in (0, 1]')
  const values = Object.values<number>({ ...weights })
  if (values.some((weight) => !(weight >= 0 && weight < Infinity)) || values.every((weight) => weight === 0))
    fail('not weights', values.join(', '), 'finite numbers >= 0, not all 0')
}

/**
 * Recommends courses and resources from what learners did and from their grades. An item is left out when the learner
 * has completed it, or when a skill that it requires is not mastered; {@link CatalogRecommender.blocked} lists the latter.
 * Of a learner without events, need and popularity decide.
 * @throws ValueError when an event names no item of the catalogue, or an event or option is out of range.
 * @example
 * const catalog = new Catalog([
 *   { id: 'algebra', kind: 'course', title: 'Algebra', skills: ['equations'] },
 *   { id: 'functions', kind: 'course', title: 'Functions', skills: ['functions'], requires: ['equations'] },
 *   { id: 'drawing', kind: 'course', title: 'Drawing', skills: ['drawing'] },
 * ])
 * const done = (learner, item, grade) => ({ learner, item, kind: 'completed', grade })
 * const events = [done('ann', 'algebra', 0.9), done('ann', 'functions', 0.8), done('bob', 'algebra', 0.7), done('cyd', 'algebra', 0.3)]
 * const recommender = new CatalogRecommender(catalog, events)
 * recommender.recommend('bob').map(({ item }) => item.id) // => ['functions', 'drawing']
 * recommender.recommend('bob')[0].because // => ['algebra']
 * recommender.blocked('cyd').map(({ item }) => item.id) // => ['functions']
 */
export class CatalogRecommender {
  readonly #catalog: Catalog
  readonly #weights: CatalogParts
  readonly #threshold: number
  readonly #learners: ReadonlyMap<string, number>
  readonly #uses: Interactions
  readonly #completed: ReadonlySet<string>
  readonly #behaviour: ItemKnn
  readonly #grades: GradeModel
  readonly #popularity: Float64Array

  constructor(catalog: Catalog, events: readonly CatalogEvent[], options: CatalogRecommenderOptions = {}) {
    const { weights, threshold = 0.6 } = options
    this.#weights = { ...defaultWeights, ...weights }
    this.#threshold = threshold
    checkOptions(this.#weights, threshold)
    events.forEach(checkEvent)
    this.#catalog = catalog
    const rows = events.map(({ item }) => catalog.indexOf(item))
    this.#learners = new Map([...new Set(events.map(({ learner }) => learner))].map((learner, i) => [learner, i]))
    this.#uses = this.#usesOf(events, rows)
    this.#completed = new Set(
      events.filter(({ kind }) => kind === 'completed').map(({ learner, item }) => pair(learner, item)),
    )
    this.#behaviour = new ItemKnn(this.#uses, { shrinkage: 1 })
    this.#grades = new GradeModel(catalog, gradesOf(events, rows))
    this.#popularity = countsOf(this.#uses)
  }

  /**
   * The best items for a learner. Equal scores go by the order of the catalogue.
   * @throws ValueError when `k` is not a positive integer, or a mastery not a number from 0 to 1.
   */
  recommend(learner: string, { k = 5, mastery, kind }: CatalogQuery = {}): CatalogRecommendation[] {
    const own = checkMastery(mastery) ?? this.#grades.mastery(learner)
    const history = this.#history(learner)
    const behaviour = shares(this.#behaviour.scoresOf(history.items, history.values))
    const parts = this.#catalog.items.map((item, i) => ({
      behaviour: behaviour[i],
      need: need(item, own),
      success: this.#grades.predict(learner, i),
      popularity: this.#popularity[i],
    }))
    const left = this.#catalog.items.flatMap((item, i) => (this.#isOffered(learner, item, own, kind) ? [] : [i]))
    return topItems(
      parts.map((part) => this.#score(part)),
      { k, exclude: left },
    ).map(({ item, score }) => ({
      item: this.#catalog.items[item],
      score,
      parts: parts[item],
      because: this.#because(item, history.items),
    }))
  }

  /** What a learner has not completed and cannot take yet. */
  blocked(learner: string, { mastery }: Pick<CatalogQuery, 'mastery'> = {}): BlockedItem[] {
    const own = checkMastery(mastery) ?? this.#grades.mastery(learner)
    return this.#catalog.items
      .filter((item) => !this.#completed.has(pair(learner, item.id)))
      .map((item) => ({ item, missing: this.#missing(item, own) }))
      .filter(({ missing }) => missing.length > 0)
  }

  /**
   * The grade to expect of a learner in an item, from 0 to 1.
   * @throws ValueError when there is no such item.
   */
  predictGrade(learner: string, item: string): number {
    return this.#grades.predict(learner, this.#catalog.indexOf(item))
  }

  #usesOf(events: readonly CatalogEvent[], rows: readonly number[]): Interactions {
    const ratings = {
      user: Int32Array.from(events, ({ learner }) => this.#learners.get(learner) ?? 0),
      item: Int32Array.from(rows),
      value: Float32Array.from(events, ({ kind }) => strength[kind]),
    }
    const size = { users: this.#learners.size, items: this.#catalog.items.length }
    return interactions(ratings, { ...size, duplicates: 'sum' })
  }

  #history(learner: string): { items: Int32Array; values: Float32Array } {
    const row = this.#learners.get(learner)
    if (row === undefined) return { items: new Int32Array(0), values: new Float32Array(0) }
    const { starts, values } = this.#uses
    return { items: itemsOf(this.#uses, row), values: values.subarray(starts[row], starts[row + 1]) }
  }

  #missing({ requires = [] }: CatalogItem, mastery: Mastery): string[] {
    return requires.filter((skill) => (mastery.get(skill) ?? 0) < this.#threshold)
  }

  #isOffered(learner: string, item: CatalogItem, mastery: Mastery, kind: CatalogQuery['kind']): boolean {
    if (kind !== undefined && item.kind !== kind) return false
    return !this.#completed.has(pair(learner, item.id)) && this.#missing(item, mastery).length === 0
  }

  #score(parts: CatalogParts): number {
    let [sum, weights] = [0, 0]
    for (const [name, weight] of Object.entries(this.#weights) as [keyof CatalogParts, number][]) {
      sum += weight * parts[name]
      weights += weight
    }
    return sum / weights
  }

  #because(item: number, history: ArrayLike<number>): string[] {
    return Array.from(history)
      .map((own) => ({ own, score: this.#behaviour.similar(own).find((near) => near.item === item)?.score ?? 0 }))
      .filter(({ own, score }) => score > 0 && own !== item)
      .sort((a, b) => b.score - a.score || a.own - b.own)
      .slice(0, 3)
      .map(({ own }) => this.#catalog.items[own].id)
  }
}

const pair = (learner: string, item: string): string => JSON.stringify([learner, item])

const gradesOf = (events: readonly CatalogEvent[], rows: readonly number[]): Grade[] =>
  events.flatMap(({ learner, grade }, i) => (grade === undefined ? [] : [{ learner, item: rows[i], grade }]))

const need = ({ skills }: CatalogItem, mastery: Mastery): number => {
  if (skills.length === 0) return 0
  return skills.reduce((sum, skill) => sum + 1 - (mastery.get(skill) ?? 0), 0) / skills.length
}

/** Divided by the largest. */
const shares = (values: Float64Array): Float64Array => {
  const most = values.reduce((a, b) => Math.max(a, b), 0)
  return most === 0 ? values : values.map((value) => value / most)
}

const countsOf = ({ items, columns }: Interactions): Float64Array => {
  const counts = new Float64Array(items)
  for (const item of columns) counts[item]++
  return shares(counts)
}
