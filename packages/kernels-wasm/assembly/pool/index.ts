// Pooling over channels-last data in up to three dimensions. The contract is src/groups/pool.ts.
export * from './max'
export * from './average'
