// Draws of MT19937. The contract is src/groups/random.ts.
export { f32_bernoulli, f32_bernoulli_from, f64_uniform53, mt_raw, mt_seed, u8_bernoulli } from './draws'
