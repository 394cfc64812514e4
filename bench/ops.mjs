// npm run bench:ops [-- --only WORDS] [--seconds S] [--clock wall] [--json FILE]: the ops that training leans on, forward and
// backward, and the optimizers.
import { besideTorch } from './beside-torch.mjs'

await besideTorch({
  command: 'npm run bench:ops',
  steps: 'op-steps.mjs',
  torch: 'torch_op_steps.py',
  groupOf: () => 3,
  warmUp: 3000,
  seconds: '2',
})
