const makeTable = (): Uint32Array => {
  const table = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0)
    table[n] = c
  }
  return table
}

let table: Uint32Array | undefined

/** CRC-32 as gzip and zip use it (polynomial 0x04c11db7, reflected), in [0, 2^32). */
export const crc32 = (bytes: Uint8Array): number => {
  const t = (table ??= makeTable())
  let c = 0xffffffff
  for (let i = 0; i < bytes.length; i++) c = (c >>> 8) ^ t[(c ^ bytes[i]) & 255]
  return ~c >>> 0
}
