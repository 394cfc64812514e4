/** What a fixture stands for, the bytes after gzip that it may cost, and words (op names, formats) that it may not carry. */
export const ceilings = {
  'kernels-gemm': {
    about: 'the GEMM kernels and their loader',
    ceiling: 6900,
    mustNotAppear: ['f32_conv', 'f32_softmax'],
  },
  'relu-tensor': { about: 'a tensor and relu', ceiling: 45000, mustNotAppear: ['conv2d', 'lstm', 'safetensors'] },
  'mlp-train': {
    about: 'training a multi-layer perceptron by hand',
    ceiling: 52000,
    mustNotAppear: ['conv2d', 'lstm', 'safetensors'],
  },
  'cnn-train': {
    about: 'training a CNN with layers, cross-entropy and Adam',
    ceiling: 98000,
    mustNotAppear: ['lstm', 'safetensors'],
  },
  nms: {
    about: 'non-maximum suppression alone',
    ceiling: 1600,
    mustNotAppear: ['batchedNms', 'roiAlign', 'conv2d', 'WebAssembly'],
  },
}
