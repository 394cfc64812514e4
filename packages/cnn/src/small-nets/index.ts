export { CifarKerasCnn } from './cifar-keras-cnn.ts'
export { CifarTorchNet } from './cifar-torch-net.ts'
export { MnistCnn } from './mnist-cnn.ts'
export { VideoCnn, type VideoCnnOptions } from './video-cnn.ts'
