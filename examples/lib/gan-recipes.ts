import { optim } from '@lanewise/core'
import { cgan, dcgan, kerasMnistGan, mlpGan, vaeGan } from '@lanewise/gan'
import type { Recipe } from './gan-digits.ts'

/** The models that learn digits, with the sizes of their runs; 32-pixel models see digits with a black border. */
export const recipes = {
  mlpGan: {
    name: 'mlp-gan',
    build: () => mlpGan(),
    sheetEvery: 10,
    quick: { digits: 640, epochs: 1, batchSize: 64 },
    full: { digits: 10_000, epochs: 100, batchSize: 64 },
  },
  dcgan: {
    name: 'dcgan',
    build: (quick) => dcgan({ channels: 1, imageSize: 32, baseWidth: quick ? 8 : 64 }),
    quick: { digits: 320, epochs: 1, batchSize: 32 },
    full: { digits: 12_800, epochs: 10, batchSize: 64 },
  },
  kerasMnistGan: {
    name: 'keras-mnist-gan',
    // Without batch norms the generator turns black within a hundred batches, here as in PyTorch.
    build: () => kerasMnistGan({ batchNorm: true }),
    optimizer: optim.adam({ lr: 2e-4, betas: [0.5, 0.999], eps: 1e-7 }),
    quick: { digits: 16, epochs: 1, batchSize: 8 },
    full: { digits: 12_800, epochs: 6, batchSize: 64 },
  },
  cgan: {
    name: 'cgan',
    build: (quick) => cgan({ baseWidth: quick ? 8 : 16 }),
    // A quarter of DCGAN's width takes larger steps; the discriminator, which is ahead, smaller ones.
    optimizer: {
      generator: optim.adam({ lr: 1e-3, betas: [0.5, 0.999] }),
      discriminator: optim.adam({ lr: 4e-4, betas: [0.5, 0.999] }),
    },
    quick: { digits: 320, epochs: 1, batchSize: 32 },
    full: { digits: 19_200, epochs: 5, batchSize: 32 },
  },
  vaeGan: {
    name: 'vae-gan',
    build: (quick) => vaeGan({ baseWidth: quick ? 8 : 32 }),
    quick: { digits: 320, epochs: 1, batchSize: 32 },
    full: { digits: 12_800, epochs: 12, batchSize: 64 },
  },
} satisfies Record<string, Recipe>
