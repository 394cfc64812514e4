import { FormatError } from '../errors.ts'
import { excerpt } from './excerpt.ts'

/**
 * Checks that a path from a file stays beside that file.
 * @throws FormatError when it is absolute, climbs, or holds a scheme, a backslash or a control character.
 */
export const checkRelativePath = (op: string, path: string): string => {
  // oxlint-disable-next-line no-control-regex -- no file of a model has them in its name
  const unsafe =
    path === '' || /^\/|[\\:\u0000-\u001f]/.test(path) || path.split('/').some((part) => part === '..' || part === '.')
  if (!unsafe) return path
  throw new FormatError({
    op,
    problem: 'a path leaves the folder of the file',
    got: excerpt(path),
    expected: 'a relative path without .. or :',
  })
}
