// Kernels of one result per element, and copies. The contract is src/groups/elementwise.ts.
export * from './unary'
export * from './grad'
export * from './nd'
export * from './simple'
export * from './copy'
