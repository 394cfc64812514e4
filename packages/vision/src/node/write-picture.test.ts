import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, encode } from 'fast-png'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drawBoxes } from '../draw/draw.ts'
import { rasterSurface } from '../draw/surface.ts'
import { writePicture } from './write-picture.ts'

describe('writePicture', () => {
  let folder = ''
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'write-picture-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each([1, 2, 3, 4])('writes a PNG that comes back: %s channels', async (channels) => {
    const picture = { data: Uint8ClampedArray.from({ length: 35 * channels }, (_, i) => i), width: 7, height: 5 }
    await writePicture(join(folder, 'sub', 'a.png'), picture, encode)
    const back = decode(readFileSync(join(folder, 'sub', 'a.png')))
    expect(back).toMatchObject({ width: 7, height: 5, channels })
    expect([...back.data]).toEqual([...picture.data])
    expect(readdirSync(join(folder, 'sub'))).toEqual(['a.png'])
  })

  it('writes what was drawn on a picture of floats', async () => {
    const picture = { data: new Float32Array(20 * 20 * 3), width: 20, height: 20 }
    drawBoxes(rasterSurface(picture), [4, 4, 15, 15], { colors: [255, 0, 0] })
    await writePicture(join(folder, 'b.png'), picture, encode)
    const { data } = decode(readFileSync(join(folder, 'b.png')))
    expect(data.some((v) => v === 255)).toBe(true)
  })

  it('refuses data that do not fill the picture, and writes nothing', async () => {
    const torn = { data: new Uint8Array(7), width: 2, height: 2 }
    await expect(writePicture(join(folder, 'c.png'), torn, encode)).rejects.toThrow(/the data do not fill the picture/)
    expect(readdirSync(folder)).toEqual([])
  })
})
