import { runInNewContext } from 'node:vm'
import { AdaptiveAvgPool2d, Flatten, Linear, Sequential, tensor, transforms } from '@lanewise/core'
import { expect, test } from 'vitest'
import { imageClassifier, imagenetTransform } from './image-classifier.ts'

/** Logits of a picture of one pixel: its red, green and blue. */
const colours = (): Sequential => {
  const model = new Sequential(new Flatten(), new Linear(3, 3, { bias: false }))
  model.loadStateDict(
    new Map([
      [
        '1.weight',
        tensor([
          [9, 0, 0],
          [0, 9, 0],
          [0, 0, 9],
        ]),
      ],
    ]),
  )
  return model
}
const labels = ['red', 'green', 'blue']
const plain = { labels, transform: (x: Parameters<typeof transforms.horizontalFlip>[0]) => x }

test('the most likely classes with their probabilities', async () => {
  const classify = imageClassifier(colours(), { ...plain, topK: 2 })
  const answers = await classify({ data: Uint8Array.of(0, 255, 51, 255), width: 1, height: 1 })
  expect(answers.map(({ label, index }) => [label, index])).toEqual([
    ['green', 1],
    ['blue', 2],
  ])
  // Logits 0, 9 and 1.8.
  const all = 1 + Math.exp(9) + Math.exp(1.8)
  expect(answers[0].score).toBeCloseTo(Math.exp(9) / all, 6)
  expect(answers[1].score).toBeCloseTo(Math.exp(1.8) / all, 6)
})

test('of equal ones the lower class first; numbers where there are no labels; all classes where there are fewer', async () => {
  const { transform } = plain
  const answers = await imageClassifier(colours(), { transform })({ data: new Uint8Array(3), width: 1, height: 1 })
  expect(answers.map(({ label }) => label)).toEqual(['0', '1', '2'])
})

test('the model stays in training and its parameters as they were', async () => {
  const model = colours().train()
  await imageClassifier(model, plain)({ data: new Uint8Array(3), width: 1, height: 1 })
  expect(model.training).toBe(true)
})

test('the usual preparation: middle square, ImageNet’s mean and spread', () => {
  const picture = { data: new Uint8Array(300 * 260 * 3).fill(255), width: 300, height: 260 }
  const x = imagenetTransform()(transforms.toTensor(picture))
  expect(x.shape).toEqual([3, 224, 224])
  expect(x.dataSync()[0]).toBeCloseTo((1 - 0.485) / 0.229, 5)
})

test('bad pictures and labels are refused', async () => {
  const picture = { data: new Uint8Array(3), width: 1, height: 1 }
  expect(() => imageClassifier(colours(), { topK: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: imageClassifier: topK is out of range; got 0, expected an integer >= 1.]`,
  )
  await expect(imageClassifier(colours(), plain)({ ...picture, width: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: toTensor: the data does not fill the picture; got 3 values for 2x1, expected 1 to 4 channels: 2, 4, 6, 8 values. Look at the sides, and whether the rows are padded.]`,
  )
  await expect(
    imageClassifier(colours(), { ...plain, labels: ['a'] })(picture),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: imageClassifier: the labels do not fit the model; got 1 labels for 3 classes, expected one label per class.]`,
  )
  await expect(imageClassifier(new Flatten(2), plain)(picture)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: imageClassifier: the model gives no classes; got [1,3,1], expected [1, C]. Use a classification model, such as resnet18.]`,
  )
})

test('grey, alpha, tiny and very wide pictures through the usual preparation', async () => {
  const model = new Sequential(new AdaptiveAvgPool2d(1), new Flatten(), new Linear(3, 3))
  const classify = imageClassifier(model)
  const scores = async (data: Uint8Array, width: number, height: number): Promise<number[]> =>
    (await classify({ data, width, height })).map(({ score }) => score)
  const pixels = Uint8Array.from({ length: 20 * 30 }, (_, i) => (7 * i) % 256)
  const interleaved = (channels: number): Uint8Array =>
    Uint8Array.from({ length: channels * pixels.length }, (_, i) =>
      channels % 2 === 0 && i % channels === channels - 1 ? i % 256 : pixels[Math.floor(i / channels)],
    )
  const expected = await scores(interleaved(3), 20, 30)
  for (const channels of [1, 2, 4]) expect(await scores(interleaved(channels), 20, 30)).toEqual(expected)
  // One pixel, and pictures of one colour of any form, are that colour all over.
  const colour = await scores(Uint8Array.of(200, 200, 200), 1, 1)
  for (const [width, height] of [
    [2, 3],
    [600, 1],
    [1, 600],
  ])
    (await scores(new Uint8Array(width * height).fill(200), width, height)).forEach((score, i) =>
      expect(score).toBeCloseTo(colour[i], 6),
    )
})

test('what is no picture is refused, and an answer that is no number', async () => {
  const classify = imageClassifier(colours(), plain)
  const bad: [unknown, string][] = [
    [undefined, 'data Undefined, width undefined, height undefined'],
    [{ data: null, width: 1, height: 1 }, 'data Null, width 1, height 1'],
    [{ data: [1, 2, 3], width: 1, height: 1 }, 'data Array, width 1, height 1'],
    [{ data: 'abc', width: 1, height: 1 }, 'data String, width 1, height 1'],
    [{ data: new Int8Array(3), width: 1, height: 1 }, 'data Int8Array, width 1, height 1'],
    [{ data: new Float64Array(3), width: 1, height: 1 }, 'data Float64Array, width 1, height 1'],
    [{ data: new ArrayBuffer(3), width: 1, height: 1 }, 'data ArrayBuffer, width 1, height 1'],
    [{ data: new Uint8Array(9), width: 1.5, height: 2 }, 'data Uint8Array, width 1.5, height 2'],
    [{ data: new Uint8Array(3), width: NaN, height: 1 }, 'data Uint8Array, width NaN, height 1'],
    [{ data: new Uint8Array(0), width: 4, height: 0 }, 'data Uint8Array, width 4, height 0'],
    [{ data: new Uint8Array(3), width: -1, height: -1 }, 'data Uint8Array, width -1, height -1'],
  ]
  for (const [picture, got] of bad)
    await expect(classify(picture as Parameters<typeof classify>[0])).rejects.toThrow(
      `toTensor: this is no picture; got ${got}, expected data Uint8Array`,
    )
  for (const channels of [0, 1, 5, 1.5, NaN])
    await expect(classify({ data: new Uint8Array(6), width: 2, height: 1, channels })).rejects.toThrow(
      `got 6 values for 2x1 and channels ${channels}, expected 1 to 4 channels: 2, 4, 6, 8 values`,
    )
  await expect(
    classify({ data: Float32Array.of(0, NaN, 0), width: 1, height: 1 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: imageClassifier: the model's answer is no number; got probabilities NaN, expected finite logits. Look for NaN in the picture and in the weights.]`,
  )
})

test('bytes of another context are a picture', async () => {
  const data = runInNewContext('Uint8ClampedArray.of(0, 255, 0, 255)') as Uint8ClampedArray
  expect(data instanceof Uint8ClampedArray).toBe(false)
  const [first] = await imageClassifier(colours(), plain)({ data, width: 1, height: 1 })
  expect(first.index).toBe(1)
})

test('a picture that no memory holds when resized is refused before that', async () => {
  const model = new Sequential(new AdaptiveAvgPool2d(1), new Flatten(), new Linear(3, 3))
  await expect(
    imageClassifier(model)({ data: new Uint8Array(30_000), width: 10_000, height: 1 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: imagenetTransform: the picture is too long and thin; got 1 rows of 10000 pixels, which would be resized to 256 of 2560000, expected at most 268435456 values. Cut out the part that matters first.]`,
  )
})
