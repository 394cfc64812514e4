// Sums along one axis of [outer, n, inner], which every gradient of a broadcast needs. The contract is src/groups/sum.ts.
export { f32_sum } from './reduce/sum'
export { i32_sum } from './reduce/extreme'
export { u8_sum } from './reduce/bytes'
