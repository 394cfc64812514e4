// Gathers, scatters, masks, sorting. The contract is src/groups/index.ts.
export * from './gather'
export * from './sort'
