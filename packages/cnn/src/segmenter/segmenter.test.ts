import { Conv2d, Flatten, initializers, tensor, transforms } from '@lanewise/core'
import { expect, test } from 'vitest'
import { unet } from '../unet/index.ts'
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

test('pictures of every kind and form: what each pixel is does not hang on them', async () => {
  const grey = new Conv2d(1, 2, 1)
  // Above 128 the second class wins.
  grey.loadStateDict(
    new Map([
      ['weight', tensor([0, 1], { shape: [2, 1, 1, 1] })],
      ['bias', tensor([0, -128.5 / 255])],
    ]),
  )
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [700, 1],
    [1, 700],
  ]) {
    const values = Array.from({ length: width * height }, (_, i) => (i * 37 + 11) % 251)
    const segment = async (model: Conv2d, pixels: number[][]): Promise<number[]> => [
      ...(await segmenter(model)({ data: Uint8Array.from(pixels.flat()), width, height })).classes,
    ]
    const bright = values.map((v) => Number(v > 128))
    expect(
      await segment(
        grey,
        values.map((v) => [v]),
      ),
    ).toEqual(bright)
    expect(
      await segment(
        grey,
        values.map((v, i) => [v, i % 256]),
      ),
    ).toEqual(bright)
    const colours = values.map((v) => (v > 128 ? blue : green))
    const named = bright.map((b) => 1 + b)
    expect(await segment(byColour(), colours)).toEqual(named)
    expect(
      await segment(
        byColour(),
        colours.map((colour, i) => [...colour, i % 256]),
      ),
    ).toEqual(named)
  }
})

test('a picture that is too small for the model is refused by the model', async () => {
  await expect(
    segmenter(unet({ numClasses: 2, baseWidth: 2 }))({ data: new Uint8Array(18), width: 2, height: 3 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: unet: the pictures do not fit; got x [1,3,3,2], expected [N, C, H, W] with sides of 16 or more. Four steps down halve the sides; enlarge or pad the pictures.]`,
  )
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
    `[ShapeError: toTensor: the data does not fill the picture; got 18 values for 4x2, expected 1 to 4 channels: 8, 16, 24, 32 values. Look at the sides, and whether the rows are padded.]`,
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
