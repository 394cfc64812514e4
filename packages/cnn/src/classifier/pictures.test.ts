import { readFileSync } from 'node:fs'
import { Flatten, Linear, scope, Sequential, tensor } from '@lanewise/core'
import { toTensor } from '@lanewise/core/transforms'
import { expect, test } from 'vitest'
import { relativeError } from '../testing/arrays.ts'
import { imageClassifier, imagenetTransform } from './image-classifier.ts'

interface Case {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly resizeSize: number
  readonly cropSize: number
  readonly shape: number[]
  readonly values: number[]
}

const cases: Case[] = JSON.parse(readFileSync(new URL('__golden__/pictures.json', import.meta.url), 'utf8'))

/** The picture of tools/golden/cnn_pictures.py. */
const pictureOf = ({ channels, height, width }: Case): { data: Uint8Array; width: number; height: number } => ({
  data: Uint8Array.from({ length: channels * height * width }, (_, i) => (i * 37 + 11) % 251),
  width,
  height,
})

// The numbers are stored to seven digits.
test.each(cases)(
  'a picture of $channels channels, $height x $width, is prepared as by PIL and torchvision',
  async (recorded) => {
    const picture = pictureOf(recorded)
    const transform = imagenetTransform(recorded)
    scope(() => {
      const x = transform(toTensor(picture))
      expect(x.shape).toEqual(recorded.shape)
      expect(relativeError(x.dataSync(), recorded.values)).toBeLessThan(1e-6)
    })
    // The classifier sees the same: its logits are three of the values.
    const model = new Sequential(new Flatten(), new Linear(recorded.values.length, 3, { bias: false }))
    const seen = [0, 80, recorded.values.length - 1]
    const weight = new Float32Array(3 * recorded.values.length)
    seen.forEach((at, k) => (weight[k * recorded.values.length + at] = 1))
    model.loadStateDict(new Map([['1.weight', tensor(weight, { shape: [3, recorded.values.length] })]]))
    const logits = seen.map((at) => recorded.values[at])
    const total = logits.reduce((sum, v) => sum + Math.exp(v), 0)
    const answers = await imageClassifier(model, { transform })(picture)
    for (const { index, score } of answers) expect(score).toBeCloseTo(Math.exp(logits[index]) / total, 6)
  },
)
