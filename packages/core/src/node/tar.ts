import { FormatError } from '../errors.ts'

const block = 512

const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/**
 * The plain files of a tar archive by name, as views of its bytes.
 * @throws FormatError when a header is damaged or a file is cut.
 */
export const readTar = (bytes: Uint8Array): Map<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(bytes.subarray(at + 124, at + 136)).trim(), 8)
    const type = bytes[at + 156]
    const start = at + block
    if (!(size >= 0) || start + size > bytes.length) {
      throw new FormatError({
        op: 'tar',
        problem: 'the archive is damaged',
        got: `a file of ${size} bytes at byte ${at} of ${bytes.length}`,
        expected: 'files that end within the archive',
      })
    }
    // '0', and NUL in old archives, mark plain files.
    if (type === 0x30 || type === 0) files.set(text(bytes.subarray(at, at + 100)), bytes.subarray(start, start + size))
    at = start + Math.ceil(size / block) * block
  }
  return files
}
