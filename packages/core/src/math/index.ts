/** Functions of single numbers in double precision, with the same bits in every engine. */
export { exp, expm1, log, log1p, pow, tanh } from './f64.ts'
export { cos, sin } from './trig.ts'
export { erf, erfc, erfInv, normalCdf } from './erf.ts'
