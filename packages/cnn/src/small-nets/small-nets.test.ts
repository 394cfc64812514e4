import { readFileSync } from 'node:fs'
import { decode as decodeJpeg } from '@cwasm/jpeg-turbo'
import { Adam, DataLoader, loadSafetensors, manualSeed, nllLoss, ones, saveSafetensors, scope } from '@lanewise/core'
import { cifar10 } from '@lanewise/core/node'
import { expect, test } from 'vitest'
import { checkClassifier, goldenCase, parameterCount, type ClassifierCase } from '../testing/classification.ts'
import { dataPath } from '../testing/shared.ts'
import { CifarKerasCnn } from './cifar-keras-cnn.ts'
import { CifarTorchNet } from './cifar-torch-net.ts'
import { MnistCnn } from './mnist-cnn.ts'
import { VideoCnn } from './video-cnn.ts'

const builds = {
  mnistCnn: () => new MnistCnn(),
  cifarKerasCnn: () => new CifarKerasCnn(),
  cifarTorchNet: () => new CifarTorchNet(),
  videoCnn: () => new VideoCnn({ numClasses: 6 }),
}
const names = Object.keys(builds) as (keyof typeof builds)[]
const cases = goldenCase<Record<keyof typeof builds, ClassifierCase>>(
  new URL('__golden__/small-nets.json', import.meta.url),
)

test('parameters', () => {
  expect(parameterCount(new MnistCnn())).toBe(3_274_634)
  expect(parameterCount(new CifarKerasCnn())).toBe(126_730)
  expect(parameterCount(new CifarTorchNet())).toBe(8_413_642)
})

test.each(names)('%s, as in PyTorch', (name) => expect(checkClassifier(builds[name], cases[name])).toBe(true))

test.each(names)('the state of %s survives a file', async (name) => {
  const [from, to] = [builds[name]().eval(), builds[name]().eval()]
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const [, ...shape] = cases[name].shape
  const x = ones([1, ...shape])
  expect(to.forward(x).toArray()).toEqual(from.forward(x).toArray())
})

test('CifarTorchNet follows the loss curve of PyTorch for 20 steps', async ({ skip }) => {
  if (dataPath('cifar10/jpeg_train.jpegs.bin') === null) return skip('CIFAR-10 is not here')
  const curve: { images: number; losses: number[] } = JSON.parse(
    readFileSync(new URL('__golden__/cifar-curve.json', import.meta.url), 'utf8'),
  )
  const half = [0.5, 0.5, 0.5]
  const options = { mean: half, std: half, limit: curve.images, download: false }
  const data = await cifar10({ ...options, root: dataPath('.') ?? '', decode: (bytes) => decodeJpeg(bytes) })
  manualSeed(0)
  const model = new CifarTorchNet()
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 })
  const losses: number[] = []
  for (const [x, y] of new DataLoader(data, { batchSize: 64, shuffle: true })) {
    losses.push(
      scope(() => {
        const loss = nllLoss(model.forward(x), y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss.item()
      }),
    )
    if (losses.length === curve.losses.length) break
  }
  const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - curve.losses[i])))
  expect(worst).toBeLessThan(1e-3)
}, 120_000)

test('images of another size or kind are refused by the layer that they do not fit', () => {
  expect(() => new MnistCnn().forward(ones([1, 1, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fc1: linear: the sizes do not match; got [1,4096], [1024,3136], [1024], expected x [..., in], weight [out, in], bias [out].]`,
  )
  expect(() => new CifarTorchNet().forward(ones([1, 1, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv1: conv2d: input channels do not match the weight; got x [1,1,32,32] and weight [32,3,3,3], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
  expect(() => new CifarKerasCnn().forward(ones([3, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fc1: linear: the sizes do not match; got [128,4], [64,512], [64], expected x [..., in], weight [out, in], bias [out].]`,
  )
  expect(() => new VideoCnn({ numClasses: 2 }).forward(ones([1, 3, 4, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: maxPool3d: the kernel does not fit into the padded input; got input [1,1,1] padded by [0,0,0], kernel [2,2,2] reaching over [2,2,2], expected a kernel that is not larger. Use a larger input, more padding, or a smaller kernel.]`,
  )
})
