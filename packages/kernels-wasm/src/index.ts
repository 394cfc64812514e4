export { KernelError, KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
export type { KernelErrorCode, KernelGroup, KernelHostOptions, LoadOptions, Tier } from './host.ts'
