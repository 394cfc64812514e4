import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Generator } from '@lanewise/core'
import { parseRatings, type NamedRatings } from '@lanewise/edu-recsys'

/** Ratings, and titles where there are any. */
export interface Movies extends NamedRatings {
  readonly source: string
  /** The title behind an item's index. */
  title(item: number): string
}

/** Lines `id | title | ...`, in latin1. */
const titlesIn = (file: string): Map<string, string> => {
  const lines = new TextDecoder('latin1').decode(readFileSync(file)).split('\n')
  return new Map(lines.map((line) => line.split('|')).map(([id = '', title = '']) => [id, title]))
}

/** MovieLens 100k, or ratings of a generated crowd where it is not there. */
export const movies = (data: string, log: (line: string) => void): Movies => {
  const folder = join(data, 'ml-100k')
  if (!existsSync(join(folder, 'u.data'))) {
    log(
      'MovieLens 100k is not there (https://files.grouplens.org/datasets/movielens/ml-100k.zip): a crowd is generated.',
    )
    return generated()
  }
  const named = parseRatings(readFileSync(join(folder, 'u.data'), 'utf8'), { file: 'u.data' })
  const titles = existsSync(join(folder, 'u.item')) ? titlesIn(join(folder, 'u.item')) : new Map<string, string>()
  const title = (item: number): string => titles.get(named.items[item] ?? '') ?? `movie ${named.items[item]}`
  return { ...named, source: 'ml-100k', title }
}

/** People with a taste in four directions, who rate films of four directions. */
const generated = (): Movies => {
  const generator = new Generator(1)
  const [users, items, factors] = [300, 400, 4]
  const taste = generator.normal(new Float64Array(users * factors))
  const kind = generator.normal(new Float64Array(items * factors))
  const lines: string[] = []
  for (let user = 0; user < users; user++) {
    for (const item of generator.randperm(items).subarray(0, 60)) {
      let fit = 3.5
      for (let f = 0; f < factors; f++) fit += 0.4 * (taste[user * factors + f] ?? 0) * (kind[item * factors + f] ?? 0)
      lines.push(`${user}\t${item}\t${Math.min(5, Math.max(1, Math.round(fit)))}`)
    }
  }
  const named = parseRatings(lines.join('\n'))
  return { ...named, source: 'generated', title: (item) => `film ${named.items[item]}` }
}
