import { writeFileAtomic } from '@lanewise/core/node'
import { channelsOf, toBytePicture, type Picture } from '../transforms/picture.ts'

/** Makes a file's bytes of pixels, such as `encode` of fast-png. */
export type PictureEncoder = (picture: {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly depth: 8
}) => Uint8Array | Promise<Uint8Array>

/**
 * Writes a picture to a file through an encoder; floats 0 to 1 become bytes. The file is whole or not there, and its
 * folder is made.
 * @param encode - of a library, such as fast-png's
 * @throws ShapeError when the data do not fill the picture.
 * @example
 * import { mkdtempSync, readFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { writePicture } from '@lanewise/vision/node'
 * import { encode } from 'fast-png'
 * const path = join(mkdtempSync(join(tmpdir(), 'picture-')), 'grey.png')
 * await writePicture(path, { data: Float32Array.of(0, 1), width: 2, height: 1 }, encode)
 * readFileSync(path).toString('latin1', 1, 4) // => 'PNG'
 */
export const writePicture = async (path: string, picture: Picture, encode: PictureEncoder): Promise<void> => {
  const channels = channelsOf(picture)
  const { data, width, height } = toBytePicture(picture)
  const bytes = Uint8Array.from(data)
  await writeFileAtomic(path, await encode({ data: bytes, width, height, channels, depth: 8 }))
}
