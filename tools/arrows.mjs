/** What each package may import; nothing imports upwards. Lint and the structure check read it. */
export const arrows = {
  'kernels-wasm': [],
  core: ['kernels-wasm'],
  vision: ['core'],
  cnn: ['core', 'vision'],
  rnn: ['core'],
  gan: ['core'],
  'edu-recsys': ['core', 'rnn'],
}
