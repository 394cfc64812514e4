// Softmax and its gradient. The contract is src/groups/softmax.ts.
export { f32_softmax, f32_softmax_grad } from './softmax'
