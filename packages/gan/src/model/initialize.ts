import { BatchNorm2d, Conv2d, ConvTranspose2d, initializers, Linear, type AnyModule } from '@lanewise/core'

/**
 * DCGAN's initial weights: convolutions from N(0, 0.02^2), batch norms from N(1, 0.02^2) with biases 0; biases of
 * convolutions stay as they are.
 * @returns `model`
 * @source Radford et al. 2016, Unsupervised Representation Learning with Deep Convolutional GANs
 * @example
 * import { BatchNorm2d, Sequential } from '@lanewise/core'
 * dcganWeights(new Sequential(new BatchNorm2d(2))).stateDict().get('0.bias').toArray() // => [0, 0]
 */
export const dcganWeights = <M extends AnyModule>(model: M): M => {
  for (const module of model.namedModules().values()) {
    if (module instanceof Conv2d || module instanceof ConvTranspose2d)
      initializers.normal_(module.weight, { mean: 0, std: 0.02 })
    if (module instanceof BatchNorm2d && module.weight !== null && module.bias !== null) {
      initializers.normal_(module.weight, { mean: 1, std: 0.02 })
      initializers.zeros_(module.bias)
    }
  }
  return model
}

/**
 * Keras's initial weights: Glorot uniform, biases 0.
 * @returns `model`
 * @source Glorot and Bengio 2010
 * @example
 * import { Linear } from '@lanewise/core'
 * kerasWeights(new Linear(3, 2)).bias.toArray() // => [0, 0]
 */
export const kerasWeights = <M extends AnyModule>(model: M): M => {
  for (const module of model.namedModules().values()) {
    if (!(module instanceof Conv2d || module instanceof ConvTranspose2d || module instanceof Linear)) continue
    initializers.xavierUniform_(module.weight)
    if (module.bias !== null) initializers.zeros_(module.bias)
  }
  return model
}

/**
 * He's initial weights for layers that rectifiers follow: uniform, gain sqrt 2; biases stay as they are.
 * @returns `model`
 * @source He et al. 2015, Delving Deep into Rectifiers
 */
export const heWeights = <M extends AnyModule>(model: M): M => {
  for (const module of model.namedModules().values())
    if (module instanceof Linear) initializers.kaimingUniform_(module.weight, { nonlinearity: 'relu' })
  return model
}
