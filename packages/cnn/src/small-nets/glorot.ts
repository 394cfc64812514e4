import { Conv2d, Conv3d, initializers, Linear, type AnyModule } from '@lanewise/core'

/** Draws as Keras does: Glorot uniform weights, zero biases, layer by layer. */
export const glorot = (model: AnyModule): void => {
  for (const module of model.namedModules().values()) {
    if (!(module instanceof Conv2d || module instanceof Conv3d || module instanceof Linear)) continue
    initializers.xavierUniform_(module.weight)
    if (module.bias !== null) initializers.zeros_(module.bias)
  }
}
