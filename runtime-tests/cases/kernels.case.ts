import { KernelHost } from '@lanewise/kernels-wasm'
import { gemm } from '@lanewise/kernels-wasm/gemm'

/** The loader and its memory, without tensors: the group of GEMM kernels instantiates and the memory grows. */
export const run = async (): Promise<{ exports: number; pages: number }> => {
  const host = new KernelHost({ initialPages: 2 })
  const kernels: object = host.use(gemm)
  if (!host.grow(1)) throw new Error('the memory did not grow')
  return { exports: Object.keys(kernels).length, pages: host.memory.buffer.byteLength / 65536 }
}
