// What a page or a command pays for its first answer: a small CNN, its weights from a safetensors file, one image.
import { readFileSync } from 'node:fs'
import {
  Conv2d,
  Flatten,
  Linear,
  loadSafetensors,
  MaxPool2d,
  noGrad,
  ReLU,
  Sequential,
  softmax,
  tensor,
} from '@lanewise/core'

const model = new Sequential(
  new Conv2d(1, 6, 5, { padding: 2 }),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(6, 16, 5),
  new ReLU(),
  new MaxPool2d(2),
  new Flatten(),
  new Linear(400, 120),
  new ReLU(),
  new Linear(120, 84),
  new ReLU(),
  new Linear(84, 10),
)
model.loadStateDict(loadSafetensors(readFileSync(process.argv[2])))
const image = new Float32Array(784).fill(0.5)
const classes = noGrad(() => softmax(model.forward(tensor(image, { shape: [1, 1, 28, 28] }))).dataSync())
if (Math.abs(classes.reduce((a, b) => a + b) - 1) > 1e-5) throw new Error(`not a distribution: ${classes}`)
