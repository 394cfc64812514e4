// npm run bench:examples [-- --only WORDS] [--seconds S] [--clock wall] [--json FILE]: the training step of each example.
import { besideTorch } from './beside-torch.mjs'

await besideTorch({
  command: 'npm run bench:examples',
  steps: 'example-steps.mjs',
  torch: 'torch_example_steps.py',
  // A critic's five steps and the generator's one are one measurement.
  groupOf: (id) => (id === 'wgan-gp' ? 5 : 1),
  seconds: '3',
})
