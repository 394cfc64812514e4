// The draws that new layers start from. The contract is src/groups/uniform.ts.
export { f32_uniform } from './random/draws'
