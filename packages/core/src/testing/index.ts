export { gradCheck, gradGradCheck, GradCheckError, type Differentiable, type GradCheckOptions } from './grad-check.ts'
export { allClose, CloseError, expectNoLeaks, type Tolerance } from './close.ts'
