// Log-softmax and the cross-entropy made of it. The contract is src/groups/log-softmax.ts.
export { f32_log_softmax, f32_log_softmax_grad } from './softmax/softmax'
export * from './softmax/cross-entropy'
