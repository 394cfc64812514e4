// Interpolation and sampling of images. The contract is src/groups/image.ts.
export * from './resample'
export * from './grid-sample'
