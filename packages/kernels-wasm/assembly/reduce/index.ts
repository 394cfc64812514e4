// Reductions and scans along one axis of [outer, n, inner]. The contract is src/groups/reduce.ts.
export { f32_sum_squares } from './sum'
export { f32_argmax, f32_argmin, f32_max, f32_min, f32_prod, i32_max, i32_min, i32_prod } from './extreme'
export * from './scan'
export * from './logsumexp'
export { u8_all, u8_any } from './bytes'
