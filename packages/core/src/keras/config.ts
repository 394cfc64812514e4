import { FormatError } from '../errors.ts'
import { excerpt } from '../io/excerpt.ts'
import type { PlainJson, TfjsLayer } from '../io/tfjs-topology.ts'

/** Checked access to the options of a Keras layer; an absent option and null are the same. */
export class LayerConfig {
  readonly layer: TfjsLayer
  /** The layer's name with those of the models around it, for messages. */
  readonly place: string

  constructor(layer: TfjsLayer, place: string) {
    this.layer = layer
    this.place = place
  }

  /** Throws a FormatError that names the layer, its class and its place. */
  fail(problem: string, got?: string, expected?: string, advice?: string): never {
    const where = `layer ${excerpt(this.place)} (${excerpt(this.layer.className).slice(1, -1)})`
    throw new FormatError({ op: 'tfjs', problem: `${where}: ${problem}`, got, expected, advice })
  }

  value(name: string): PlainJson | undefined {
    return this.layer.config[name] ?? undefined
  }

  number(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback
    if (typeof value === 'number' && Number.isFinite(value)) return value
    return this.refuse(name, 'a number')
  }

  integer(name: string, least: number, fallback?: number): number {
    const value = this.value(name) ?? fallback
    if (isInteger(value, least)) return value
    return this.refuse(name, `an integer >= ${least}`)
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback
    return typeof value === 'boolean' ? value : this.refuse(name, 'true or false')
  }

  /** One of the texts; the first is taken where the option is absent. */
  choice<T extends string>(name: string, options: readonly [T, ...T[]]): T {
    const value = this.value(name) ?? options[0]
    return options.find((option) => option === value) ?? this.refuse(name, options.join(' or '))
  }

  /** A size for each of `count` axes: a list, or one number for all. */
  sizes(name: string, count: number, { least = 1, fallback }: { least?: number; fallback?: number } = {}): number[] {
    const value = this.value(name) ?? fallback
    const list = Array.isArray(value) ? value : Array.from({ length: count }, () => value)
    if (list.length === count && list.every((n) => isInteger(n, least))) return list as number[]
    return this.refuse(name, `an integer >= ${least}, or ${count} of them`)
  }

  /** Integers, at least `least` each; null stands for -1. */
  integers(name: string, least: number): number[] {
    const value = this.value(name)
    const list = Array.isArray(value) ? value.map((n) => n ?? -1) : []
    if (Array.isArray(value) && list.every((n) => isInteger(n, least))) return list as number[]
    return this.refuse(name, `a list of integers >= ${least}`)
  }

  /** Pairs [before, after] for each of `count` axes: pairs, a number for each axis, or one for all. */
  pairs(name: string, count: number, fallback: number): [number, number][] {
    const value = this.value(name) ?? fallback
    // On one axis, Keras means two numbers as the pair.
    const flat = count === 1 && Array.isArray(value) && !Array.isArray(value[0]) && value.length === 2
    const list = flat ? [value] : Array.isArray(value) ? value : Array.from({ length: count }, () => value)
    const pairs = list.map((item) => (Array.isArray(item) ? item : [item, item]))
    const fits =
      pairs.length === count && pairs.every((pair) => pair.length === 2 && pair.every((n) => isInteger(n, 0)))
    return fits
      ? (pairs as [number, number][])
      : this.refuse(name, `an integer >= 0, ${count} of them, or ${count} pairs`)
  }

  /** Throws where an option has another value than one of these, or is not absent. */
  only(name: string, ...allowed: readonly PlainJson[]): void {
    const value = this.value(name)
    if (value !== undefined && !allowed.includes(value))
      this.fail(`${name} is not supported`, excerpt(value), ['none', ...allowed.map(excerpt)].join(' or '))
  }

  /** Whether channels come last, as is Keras's default. */
  channelsLast(): boolean {
    return this.choice('data_format', ['channels_last', 'channels_first']) === 'channels_last'
  }

  refuse(name: string, expected: string): never {
    const value = this.value(name)
    return this.fail(
      `${name} does not fit`,
      typeof value === 'object' && !Array.isArray(value) ? 'an object' : excerpt(value),
      expected,
    )
  }
}

const isInteger = (value: PlainJson | undefined, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least
