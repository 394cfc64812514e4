import {
  add,
  addInPlace,
  matmul,
  mean,
  mul,
  noGrad,
  parameter,
  relu,
  square,
  sub,
  tensor,
  zeros,
  type Tensor,
} from '@lanewise/core'

const steps = 5
const learningRate = 0.1

/** Values in [-0.5, 0.5) that repeat after 64 elements, the same in every runtime. */
const spread = (rows: number, columns: number, stride: number): Tensor =>
  tensor(
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => (((i * columns + j) * stride) % 64) / 64 - 0.5),
    ),
  )

/** Five steps of gradient descent on a two-layer net. Returns the losses, which must fall, and the first trained weights. */
export const run = async (): Promise<{ losses: number[]; weights: number[] }> => {
  const x = spread(16, 8, 7)
  const target = spread(16, 3, 11)
  const w1 = parameter(spread(8, 20, 13))
  const b1 = parameter(zeros([20]))
  const w2 = parameter(spread(20, 3, 17))
  const losses: number[] = []
  for (let step = 0; step < steps; step++) {
    const hidden = relu(add(matmul(x, w1), b1))
    const loss = mean(square(sub(matmul(hidden, w2), target)))
    losses.push(loss.item())
    loss.backward()
    noGrad(() => {
      for (const p of [w1, b1, w2]) {
        if (!p.grad) throw new Error('a parameter has no gradient')
        addInPlace(p, mul(p.grad, -learningRate))
        p.grad = null
      }
    })
  }
  if (!losses.every((loss, i) => i === 0 || loss < losses[i - 1]!))
    throw new Error(`the loss does not fall: ${losses.join(', ')}`)
  return { losses, weights: [...w1.dataSync().slice(0, 8)] }
}
