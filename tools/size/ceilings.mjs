/** What a fixture stands for, the bytes after gzip that it may cost, and words (op names, formats) that it may not carry. */
export const ceilings = {
  'kernels-gemm': {
    about: 'the GEMM kernels and their loader',
    ceiling: 5600,
    mustNotAppear: ['f32_conv', 'f32_softmax'],
  },
  'relu-tensor': {
    about: 'a tensor and relu',
    ceiling: 18300,
    mustNotAppear: ['conv2d', 'lstm', 'safetensors', 'f32_exp', 'f32_gt', 'f32_max_pool'],
  },
  'mlp-train': {
    about: 'training a multi-layer perceptron by hand',
    ceiling: 25000,
    mustNotAppear: ['conv2d', 'lstm', 'safetensors'],
  },
  'smallcnn-infer': {
    about: 'classifying with a small CNN of layers, its weights from safetensors',
    ceiling: 60000,
    mustNotAppear: ['lstm', 'f32_exp', 'f32_gt', 'f32_cross_entropy', 'relaxed'],
  },
  'lenet-classifier': {
    about: 'the same with a ready-made network and `imageClassifier`, which can resize',
    ceiling: 62000,
    mustNotAppear: ['lstm', 'f32_exp', 'f32_grid_sample', 'DataLoader:', 'relaxed'],
  },
  'cnn-train': {
    about: 'training a CNN with layers, cross-entropy and Adam',
    ceiling: 68000,
    mustNotAppear: ['lstm', 'safetensors'],
  },
  nms: {
    about: 'non-maximum suppression alone',
    ceiling: 1600,
    mustNotAppear: ['batchedNms', 'roiAlign', 'conv2d', 'WebAssembly'],
  },
}
