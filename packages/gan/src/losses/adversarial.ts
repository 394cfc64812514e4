import { add, bceLoss, full, mean, neg, sub, type Tensor } from '@lanewise/core'

/** What a discriminator and a generator learn from the discriminator's scores [N, 1]. */
export interface AdversarialLoss {
  /** Falls as the discriminator tells real from generated. */
  discriminator(real: Tensor, fake: Tensor): Tensor
  /** Falls as generated samples pass for real. */
  generator(fake: Tensor): Tensor
}

const ones = (scores: Tensor): Tensor => filled(scores, 1)
const zeros = (scores: Tensor): Tensor => filled(scores, 0)
const filled = (scores: Tensor, value: number): Tensor =>
  full(scores.shape, value, { dtype: scores.dtype, backend: scores.backend })

const crossEntropies = (real: Tensor, fake: Tensor): Tensor =>
  add(bceLoss(real, ones(real)), bceLoss(fake, zeros(fake)))

/**
 * The usual loss, over probabilities.   L_D = -log D(x) - log(1 - D(G(z))),  L_G = -log D(G(z))
 * The generator's gradient does not vanish while the discriminator is sure.
 * @source Goodfellow et al. 2014, Generative Adversarial Networks; checked against torch.nn.BCELoss 1.13 in losses.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * const { discriminator, generator } = nonSaturating()
 * discriminator(tensor([[0.5]]), tensor([[0.5]])).item() // => 1.386294
 * generator(tensor([[0.5]])).item() // => 0.693147
 */
export const nonSaturating = (): AdversarialLoss => ({
  discriminator: crossEntropies,
  generator: (fake) => bceLoss(fake, ones(fake)),
})

/**
 * The zero-sum game, over probabilities.   L_D = -log D(x) - log(1 - D(G(z))),  L_G = log(1 - D(G(z)))
 * L_G is -L_D without the term that the generator cannot change.
 * @source Goodfellow et al. 2014, Generative Adversarial Networks; checked against torch.nn.BCELoss 1.13 in losses.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * minimax().generator(tensor([[0.5]])).item() // => -0.693147
 */
export const minimax = (): AdversarialLoss => ({
  discriminator: crossEntropies,
  generator: (fake) => neg(bceLoss(fake, zeros(fake))),
})

/**
 * Wasserstein distance, over a critic's unbounded scores.   L_D = mean D(G(z)) - mean D(x),  L_G = -mean D(G(z))
 * The critic must be kept 1-Lipschitz: see {@link gradientPenalty}.
 * @source Arjovsky et al. 2017, Wasserstein GAN
 * @example
 * import { tensor } from '@lanewise/core'
 * wasserstein().discriminator(tensor([[3]]), tensor([[1]])).item() // => -2
 */
export const wasserstein = (): AdversarialLoss => ({
  discriminator: (real, fake) => sub(mean(fake), mean(real)),
  generator: (fake) => neg(mean(fake)),
})
