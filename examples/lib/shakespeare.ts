import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Generator } from '@lanewise/core'
import { dataFolders } from '@lanewise/core/node'

const words = 'the king of a night speaks and my lord will come to thee with love or sorrow in his heart'.split(' ')
const speakers = ['ROMEO', 'JULIET', 'HAMLET']

/** Verses of drawn words: what Shakespeare's place takes where he is not kept. */
const generated = (length: number): string => {
  const generator = new Generator(0)
  const pick = (list: readonly string[]): string => list[generator.randint(list.length)] ?? ''
  let text = ''
  while (text.length < length) {
    text += `${pick(speakers)}:\n`
    for (let line = 0; line < 3; line++) text += `${Array.from({ length: 7 }, () => pick(words)).join(' ')}.\n`
    text += '\n'
  }
  return text.slice(0, length)
}

/** The first `limit` characters of Shakespeare's plays (tinyshakespeare), or generated verses where they are not kept. */
export const shakespeare = (root: string, limit: number): { readonly text: string; readonly source: string } => {
  const path = dataFolders(root)
    .map((folder) => join(folder, 'text/tinyshakespeare.txt'))
    .find((file) => existsSync(file))
  if (path !== undefined) return { text: readFileSync(path, 'utf8').slice(0, limit), source: 'tinyshakespeare' }
  return { text: generated(Math.min(limit, 200_000)), source: 'generated verses' }
}
