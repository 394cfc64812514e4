// Batch, layer, group and instance normalisation. The contract is src/groups/norm.ts.
export {
  f32_batch_norm_apply_nchw, f32_batch_norm_apply_nhwc, f32_batch_norm_grad_nchw, f32_batch_norm_grad_nhwc,
  f32_batch_norm_nchw, f32_batch_norm_nhwc, f32_invstd,
} from './batch'
export * from './layer'
export { f32_group_norm_grad_nchw, f32_group_norm_grad_nhwc, f32_group_norm_nchw, f32_group_norm_nhwc } from './group'
