export { constantVelocity, displacementErrors, type DisplacementErrors } from './metrics.ts'
export { simulateTraffic, type Manoeuvre, type Traffic, type TrafficOptions } from './simulate.ts'
export { TrajectoryPredictor, type TrajectoryOptions } from './trajectory.ts'
