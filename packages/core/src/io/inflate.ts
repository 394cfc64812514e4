import { FormatError } from '../errors.ts'
import { crc32 } from './crc32.ts'

/** Deflate cannot shrink below 1032 to 1: 258 bytes for two bits and a little. */
const MAX_RATIO = 1032

/** Bytes handed to the stream at once. */
const CHUNK = 65536

const streamOf = (bytes: Uint8Array): ReadableStream<BufferSource> => {
  let at = 0
  return new ReadableStream<BufferSource>({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + CHUNK))
      at += CHUNK
    },
  })
}

/** Reads a stream to its end, or fails as soon as it gives more than `limit` bytes. */
const drain = async (
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let total = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    total += part.value.length
    if (total > limit) {
      await reader.cancel().catch(() => undefined)
      return undefined
    }
    chunks.push(part.value)
  }
  const out = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/**
 * Unpacks deflated bytes whose size and checksum are known.
 * @throws FormatError when they do not unpack to exactly that.
 */
export const inflate = async (
  op: string,
  format: 'gzip' | 'deflate-raw',
  bytes: Uint8Array,
  size: number,
  crc: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  if (size > MAX_RATIO * bytes.length) {
    throw new FormatError({
      op,
      problem: 'the stated size cannot come from so few bytes',
      got: `${size} from ${bytes.length}`,
    })
  }
  let out: Uint8Array<ArrayBuffer> | undefined
  try {
    out = await drain(streamOf(bytes).pipeThrough(new DecompressionStream(format)), size)
  } catch (cause) {
    throw new FormatError({ op, problem: 'the compressed bytes are damaged', got: `${bytes.length} bytes`, cause })
  }
  if (out?.length !== size) {
    throw new FormatError({
      op,
      problem: 'the unpacked size is not the stated one',
      got: out ? `${out.length} bytes` : 'more',
      expected: `${size} bytes`,
    })
  }
  if (crc32(out) !== crc)
    throw new FormatError({ op, problem: 'the checksum does not match', got: `${size} unpacked bytes` })
  return out
}

/** Packs bytes with the runtime's own deflate. */
export const deflate = async (bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> => {
  const packed = await drain(streamOf(bytes).pipeThrough(new CompressionStream('deflate-raw')), Infinity)
  return packed ?? new Uint8Array(0)
}

/** Whether bytes start as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Unpacks a gzip file of one member, as data sets are published.
 * @throws FormatError when it is damaged, cut, followed by other bytes, or unpacks to more than `maxBytes`.
 * @example (await gunzip(Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 51, 4, 0, 183, 239, 220, 131, 1, 0, 0, 0))) // => [49]
 */
export const gunzip = async (
  bytes: Uint8Array,
  { maxBytes = 2147483648 }: { readonly maxBytes?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> => {
  if (!isGzip(bytes) || bytes.length < 18) {
    throw new FormatError({
      op: 'gunzip',
      problem: 'not a gzip file',
      got: `${bytes.length} bytes`,
      expected: '1f 8b and at least 18 bytes',
    })
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8)
  const size = trailer.getUint32(4, true)
  if (size > maxBytes)
    throw new FormatError({
      op: 'gunzip',
      problem: 'too large',
      got: `${size} bytes`,
      expected: `at most ${maxBytes}`,
      advice: 'Raise maxBytes',
    })
  return inflate('gunzip', 'gzip', bytes, size, trailer.getUint32(0, true))
}
