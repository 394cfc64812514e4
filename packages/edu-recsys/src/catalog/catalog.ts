import { ValueError } from '@lanewise/core'
import { shown } from '../check.ts'

/** A course, or something smaller to learn from. */
export interface CatalogItem {
  readonly id: string
  readonly kind: 'course' | 'resource'
  readonly title: string
  /** Skills that it teaches. */
  readonly skills: readonly string[]
  /** Skills that have to be mastered before. */
  readonly requires?: readonly string[]
  /** Of a resource: the course that it belongs to. */
  readonly course?: string
  /** How long it takes. */
  readonly minutes?: number
}

/** What a learner did with an item of the catalogue. */
export interface CatalogEvent {
  readonly learner: string
  readonly item: string
  readonly kind: 'viewed' | 'started' | 'completed'
  /** From 0 to 1, where the item gives grades. */
  readonly grade?: number
}

const areNames = (list: unknown): boolean =>
  Array.isArray(list) &&
  list.every((name) => typeof name === 'string' && name !== '') &&
  new Set(list).size === list.length

const fail = (problem: string, got: string, expected?: string): never => {
  throw new ValueError({ op: 'Catalog', problem, got, expected })
}

/**
 * Courses and resources, checked once.
 * @throws ValueError when an item has no name, comes twice, is of no known kind, names a skill twice, belongs to a
 *   course that does not exist, or takes a time that is not above 0.
 * @example
 * const catalog = new Catalog([
 *   { id: 'algebra', kind: 'course', title: 'Algebra', skills: ['equations'] },
 *   { id: 'scales', kind: 'resource', title: 'Equations as scales', skills: ['equations'], course: 'algebra' },
 * ])
 * catalog.teaching('equations').map(({ id }) => id) // => ['algebra', 'scales']
 */
export class Catalog {
  readonly items: readonly CatalogItem[]
  readonly #indices: ReadonlyMap<string, number>

  constructor(items: readonly CatalogItem[]) {
    const indices = new Map<string, number>()
    for (const { id, kind, skills, requires = [], minutes } of items) {
      if (typeof id !== 'string' || id === '') fail('an item has no name', String(id), 'text that is not empty')
      if (indices.has(id)) fail('an item comes twice', id)
      if (kind !== 'course' && kind !== 'resource')
        fail(`${id} is of no known kind`, String(kind), 'course or resource')
      for (const [name, list] of Object.entries({ skills, requires })) {
        if (!areNames(list)) fail(`the ${name} of ${id} do not fit`, shown(list), 'texts that are not empty, each once')
      }
      if (minutes !== undefined && !(minutes > 0 && minutes < Infinity))
        fail(`${id} takes no time that there is`, String(minutes), 'a finite number above 0')
      indices.set(id, indices.size)
    }
    for (const { id, course } of items)
      if (course !== undefined && items[indices.get(course) ?? -1]?.kind !== 'course')
        fail(`${id} belongs to a course that does not exist`, course)
    this.items = [...items]
    this.#indices = indices
  }

  /**
   * The place of an item in {@link items}.
   * @throws ValueError when there is no such item.
   */
  indexOf(id: string): number {
    return this.#indices.get(id) ?? fail('no such item', id)
  }

  /**
   * An item by its name.
   * @throws ValueError when there is no such item.
   */
  get(id: string): CatalogItem {
    return this.items[this.indexOf(id)]
  }

  /** The items that teach a skill. */
  teaching(skill: string): CatalogItem[] {
    return this.items.filter(({ skills }) => skills.includes(skill))
  }
}
