import { Conv2d, Flatten, initializers, transforms } from '@lanewise/core'
import { expect, test } from 'vitest'
import { segmenter } from './segmenter.ts'

/** Tells by colour: the logits are red, green and blue. */
const byColour = (): Conv2d => {
  const model = new Conv2d(3, 3, 1, { bias: false })
  initializers.dirac_(model.weight)
  return model
}

const [red, green, blue] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
]
const picture = { data: Uint8Array.from([red, red, green, blue, red, green].flat()), width: 3, height: 2 }

test('the class of each pixel, and the share of each class that appears', async () => {
  const { width, height, classes, shares } = await segmenter(byColour(), { labels: ['r', 'g', 'b'] })(picture)
  expect([width, height, ...classes]).toEqual([3, 2, 0, 0, 1, 2, 0, 1])
  expect(shares).toEqual([
    { index: 0, label: 'r', share: 1 / 2 },
    { index: 1, label: 'g', share: 1 / 3 },
    { index: 2, label: 'b', share: 1 / 6 },
  ])
  const grass = await segmenter(byColour())({ data: Float32Array.of(0, 1, 0), width: 1, height: 1 })
  expect(grass.shares).toEqual([{ index: 1, label: '1', share: 1 }])
})

test('a transform may resize: the answer is as large as the picture', async () => {
  const data = Uint8Array.from(Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? red : green)).flat())
  const { classes } = await segmenter(byColour(), { transform: transforms.resize([4, 4]) })({
    data,
    width: 8,
    height: 8,
  })
  expect([...classes]).toEqual(Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 0 : 1)))
})

test('the model stays in its mode', async () => {
  const model = byColour().train()
  await segmenter(model)(picture)
  expect(model.training).toBe(true)
})

test('what does not fit is refused', async () => {
  const segment = segmenter(byColour(), { labels: ['r', 'g'] })
  await expect(segment(picture)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: segmenter: the labels do not fit the model; got 2 labels for 3 classes, expected one label per class.]`,
  )
  await expect(segment({ ...picture, width: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: toTensor: the data does not fill the picture; got 18 values for 4x2, expected 1 to 4 channels.]`,
  )
  await expect(segmenter(new Flatten())(picture)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: segmenter: the model gives no classes per pixel; got [1,18], expected [1, C, H, W]. Use a segmentation model, such as unet.]`,
  )
  await expect(
    segmenter(byColour())({ data: Float32Array.of(0, NaN, 0), width: 1, height: 1 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: segmenter: the model's answer is no number; got NaN at logit 0, expected numbers. Look for NaN in the picture and in the weights.]`,
  )
  await expect(segmenter(byColour())({ data: new Uint8Array(0), width: 0, height: 1 })).rejects.toThrow(
    'toTensor: this is no picture',
  )
  await expect(segmenter(byColour())({ data: new Uint8Array(4), width: 2, height: 2 })).rejects.toThrow(
    'input channels do not match the weight; got x [1,1,2,2]',
  )
})
