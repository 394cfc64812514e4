import { ValueError } from '@lanewise/core'

/** A skill and what has to be mastered before it. */
export interface SkillNode {
  readonly id: string
  /** Skills that come before; all of them are needed. */
  readonly requires?: readonly string[]
  /** Mastery from which this skill counts as mastered. Default the graph's. */
  readonly threshold?: number
}

/** Mastery by skill, each from 0 to 1; a skill that is absent has 0. */
export type Mastery = ReadonlyMap<string, number>

/** What {@link PrerequisiteGraph} takes. */
export interface PrerequisiteGraphOptions {
  /** Mastery from which a skill counts as mastered, in (0, 1]. Default 0.95. */
  readonly threshold?: number
}

/** Where a learner stands with a skill: past it, in front of an open gate, or in front of a closed one. */
export type SkillStatus = 'mastered' | 'open' | 'locked'

const op = 'PrerequisiteGraph'

/**
 * Which skills open which. A skill is open when all skills it requires are mastered.
 * @throws ValueError when a skill is given twice, requires one that does not exist, or requires itself through others;
 *   the message names the cycle. Also when a threshold is outside (0, 1].
 * @example
 * const graph = new PrerequisiteGraph([
 *   { id: 'fractions', requires: ['division'] },
 *   { id: 'division' },
 *   { id: 'percent', requires: ['fractions'] },
 * ])
 * graph.skills // => ['division', 'fractions', 'percent']
 * graph.open(new Map([['division', 0.97]])) // => ['fractions']
 * new PrerequisiteGraph([{ id: 'a', requires: ['b'] }, { id: 'b', requires: ['a'] }]) // => throws ValueError: PrerequisiteGraph: skills require each other
 */
export class PrerequisiteGraph {
  /** All skills, each after those it requires; among skills that could come next, the one given first. */
  readonly skills: readonly string[]
  readonly #requires: ReadonlyMap<string, readonly string[]>
  readonly #opens: ReadonlyMap<string, readonly string[]>
  readonly #thresholds: ReadonlyMap<string, number>

  constructor(nodes: readonly SkillNode[], { threshold = 0.95 }: PrerequisiteGraphOptions = {}) {
    checkNodes(nodes)
    this.#requires = new Map(nodes.map(({ id, requires = [] }) => [id, [...requires]]))
    this.#thresholds = new Map(nodes.map((node) => [node.id, checkThreshold(node.id, node.threshold ?? threshold)]))
    const opens = new Map<string, string[]>(nodes.map(({ id }) => [id, []]))
    for (const { id, requires = [] } of nodes) for (const before of requires) opens.get(before)?.push(id)
    this.#opens = opens
    this.skills = inOrder(nodes, this.#requires)
  }

  /**
   * The skills that a skill requires directly.
   * @throws ValueError when there is no such skill.
   */
  requires(skill: string): readonly string[] {
    return known(skill, this.#requires)
  }

  /**
   * The skills that require a skill directly.
   * @throws ValueError when there is no such skill.
   */
  opens(skill: string): readonly string[] {
    return known(skill, this.#opens)
  }

  /** Everything that comes before a skill, in the order of {@link skills}. */
  ancestors(skill: string): string[] {
    return this.#reach(skill, this.#requires)
  }

  /** Everything that a skill leads to, in the order of {@link skills}. */
  descendants(skill: string): string[] {
    return this.#reach(skill, this.#opens)
  }

  /**
   * Whether a learner has mastered a skill.
   * @throws ValueError when there is no such skill, or its mastery is not a number from 0 to 1.
   */
  isMastered(skill: string, mastery: Mastery): boolean {
    const threshold = known(skill, this.#thresholds)
    const value = mastery.get(skill) ?? 0
    if (value >= 0 && value <= 1) return value >= threshold
    throw new ValueError({
      op,
      problem: `not a mastery of ${skill}`,
      got: String(value),
      expected: 'a number from 0 to 1',
    })
  }

  /** The required skills that keep a gate closed. */
  blockers(skill: string, mastery: Mastery): string[] {
    return this.requires(skill).filter((before) => !this.isMastered(before, mastery))
  }

  /** Where a learner stands with a skill. */
  status(skill: string, mastery: Mastery): SkillStatus {
    if (this.isMastered(skill, mastery)) return 'mastered'
    return this.blockers(skill, mastery).length === 0 ? 'open' : 'locked'
  }

  /** The skills that a learner can learn now, in order. */
  open(mastery: Mastery): string[] {
    return this.skills.filter((skill) => this.status(skill, mastery) === 'open')
  }

  /** What a learner still has to master to have a skill, in order; the skill itself comes last. */
  path(skill: string, mastery: Mastery): string[] {
    return [...this.ancestors(skill), skill].filter((step) => !this.isMastered(step, mastery))
  }

  #reach(skill: string, next: ReadonlyMap<string, readonly string[]>): string[] {
    const found = new Set<string>()
    const waiting = [...known(skill, next)]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (found.has(id)) continue
      found.add(id)
      waiting.push(...known(id, next))
    }
    return this.skills.filter((id) => found.has(id))
  }
}

const known = <T>(skill: string, map: ReadonlyMap<string, T>): T => {
  const value = map.get(skill)
  if (value !== undefined) return value
  throw new ValueError({
    op,
    problem: 'no such skill',
    got: skill,
    expected: `one of ${[...map.keys()].slice(0, 8).join(', ')}`,
  })
}

const checkThreshold = (id: string, threshold: number): number => {
  if (threshold > 0 && threshold <= 1) return threshold
  throw new ValueError({
    op,
    problem: `the threshold of ${id} is out of range`,
    got: String(threshold),
    expected: 'a number in (0, 1]',
  })
}

const checkNodes = (nodes: readonly SkillNode[]): void => {
  const ids = new Set<string>()
  for (const { id } of nodes) {
    if (typeof id !== 'string' || id === '')
      throw new ValueError({ op, problem: 'a skill has no name', got: String(id) })
    if (ids.has(id)) throw new ValueError({ op, problem: 'a skill is given twice', got: id })
    ids.add(id)
  }
  for (const { id, requires = [] } of nodes) {
    const missing = requires.find((before) => !ids.has(before))
    if (missing === undefined) continue
    throw new ValueError({
      op,
      problem: `${id} requires a skill that does not exist`,
      got: missing,
      advice: 'Add it, or correct its name',
    })
  }
}

/** Each skill as soon as all that it requires stand before it. */
const inOrder = (nodes: readonly SkillNode[], requires: ReadonlyMap<string, readonly string[]>): string[] => {
  const order: string[] = []
  const placed = new Set<string>()
  let rest = nodes.map(({ id }) => id)
  while (rest.length > 0) {
    const next = rest.find((id) => requires.get(id)?.every((before) => placed.has(before)))
    if (next === undefined) throw cycleError(rest, requires)
    order.push(next)
    placed.add(next)
    rest = rest.filter((id) => id !== next)
  }
  return order
}

/** Every skill in `rest` requires another in it: following them comes round. */
const cycleError = (rest: readonly string[], requires: ReadonlyMap<string, readonly string[]>): ValueError => {
  const left = new Set(rest)
  const trail: string[] = []
  let at = rest[0]
  while (!trail.includes(at)) {
    trail.push(at)
    at = requires.get(at)?.find((before) => left.has(before)) ?? at
  }
  const cycle = [...trail.slice(trail.indexOf(at)), at]
  return new ValueError({
    op,
    problem: 'skills require each other',
    got: cycle.join(' -> '),
    expected: 'no cycle',
    advice: 'Take one of these requirements out',
  })
}
