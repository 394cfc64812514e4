export { DrivingUNet, drivingUnet, type DrivingUNetOptions } from './driving-unet.ts'
