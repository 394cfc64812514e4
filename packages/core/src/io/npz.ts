import { FormatError } from '../errors.ts'
import type { ArrayData } from './array-data.ts'
import { excerpt } from './excerpt.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readZip, writeZip } from './zip.ts'

/**
 * Reads a NumPy `.npz` file, plain or compressed.
 * @param options.maxBytes - the most that all arrays together may take. Default 2^31.
 * @returns the arrays by name, without the `.npy` of the entries
 * @throws FormatError when the archive or one of its arrays is not as it should be; then no array is returned.
 * @source Checked against files of numpy 1.24 in npz.test.ts
 */
export const readNpz = async (
  bytes: Uint8Array,
  { maxBytes = 2147483648 }: { readonly maxBytes?: number } = {},
): Promise<Map<string, ArrayData>> => {
  const arrays = new Map<string, ArrayData>()
  for (const [name, file] of await readZip(bytes, maxBytes)) {
    if (!name.endsWith('.npy'))
      throw new FormatError({
        op: 'npz',
        problem: 'an entry is not an array',
        got: excerpt(name),
        expected: 'a name that ends in .npy',
      })
    arrays.set(name.slice(0, -4), readNpy(file))
  }
  return arrays
}

/**
 * Writes a NumPy `.npz` file, as `numpy.savez` or, with `compress`, `numpy.savez_compressed` does.
 * @param options.compress - Default false.
 * @throws DTypeError, ShapeError as {@link writeNpy}; ValueError above 4 GB.
 */
export const writeNpz = async (
  arrays: Iterable<readonly [string, ArrayData]>,
  { compress = false }: { readonly compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> => {
  const files = new Map<string, Uint8Array>()
  for (const [name, array] of arrays) files.set(`${name}.npy`, writeNpy(array))
  return writeZip(files, compress)
}
