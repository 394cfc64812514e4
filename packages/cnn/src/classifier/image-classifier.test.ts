import { Flatten, Linear, Sequential, tensor, transforms } from '@lanewise/core'
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
    `[ShapeError: toTensor: the data does not fill the picture; got 3 values for 2x1, expected 1 to 4 channels.]`,
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
