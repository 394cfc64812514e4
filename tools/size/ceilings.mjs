/** Bytes after gzip that a fixture may cost, and words (op names, file formats) that it may not carry. */
export const ceilings = {
  'kernels-gemm': { ceiling: 3000, mustNotAppear: ['f32_conv', 'f32_softmax'] },
  'relu-tensor': { ceiling: 20000, mustNotAppear: ['conv2d', 'lstm', 'safetensors'] },
  'mlp-train': { ceiling: 40000, mustNotAppear: ['conv2d', 'lstm', 'safetensors'] },
}
