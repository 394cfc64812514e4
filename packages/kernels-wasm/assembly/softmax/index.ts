// The softmax family and cross-entropy. The contract is src/groups/softmax.ts.
export { f32_log_softmax, f32_log_softmax_grad, f32_softmax, f32_softmax_grad } from './softmax'
export * from './cross-entropy'
