// Reductions and scans along one axis of [outer, n, inner]. The contract is src/groups/reduce.ts.
export * from './sum'
export * from './extreme'
export * from './scan'
export * from './logsumexp'
export * from './bytes'
