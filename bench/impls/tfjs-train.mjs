// A training step of stacked LSTMs in TensorFlow.js, whose gradients come with the union package alone.
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { parameter } from '../values.mjs'
import { cellByGates } from './tfjs-wasm.mjs'

export const trainCharLstm = ({ steps, batch, vocabulary, hidden, numLayers }) => {
  const draw = (name, shape) => tf.tensor(parameter(name, shape, 1 / Math.sqrt(hidden)), shape)
  const cells = Array.from({ length: numLayers }, (_, layer) => {
    const inputs = layer === 0 ? vocabulary : hidden
    const [wx, wh] = [
      draw(`lstm.weight_ih_l${layer}`, [4 * hidden, inputs]),
      draw(`lstm.weight_hh_l${layer}`, [4 * hidden, hidden]),
    ]
    const [bx, bh] = ['ih', 'hh'].map((part) => draw(`lstm.bias_${part}_l${layer}`, [4 * hidden]))
    return [tf.transpose(tf.concat([wx, wh], 1)), bx, bh].map((x) => tf.variable(x))
  })
  const head = [
    tf.variable(tf.transpose(draw('head.weight', [vocabulary, hidden]))),
    tf.variable(draw('head.bias', [vocabulary])),
  ]
  const tokens = Int32Array.from({ length: steps * batch }, (_, i) => (i * 7) % vocabulary)
  // Its WebAssembly oneHot writes integers whatever the dtype asked for.
  const oneHot = (labels) => tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), vocabulary), 'float32'))
  const xs = tf.unstack(tf.reshape(oneHot(tokens), [steps, batch, vocabulary]))
  const target = oneHot(tokens.map((token) => (token + 1) % vocabulary))
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8)

  const lossOf = () => {
    let sequence = xs
    for (const [kernel, bx, bh] of cells) {
      const cell = cellByGates(kernel, tf.add(bx, bh))
      let [h, c] = [tf.zeros([batch, hidden]), tf.zeros([batch, hidden])]
      sequence = sequence.map((x) => ([h, c] = cell(x, h, c))[0])
    }
    const logits = tf.add(tf.matMul(tf.concat(sequence, 0), head[0]), head[1])
    return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1)))
  }
  const step = () => {
    const loss = optimizer.minimize(lossOf, true)
    const value = loss.dataSync()[0]
    loss.dispose()
    return value
  }
  return { step }
}
