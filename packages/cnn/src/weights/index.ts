export { loadWeights } from './load-weights.ts'
