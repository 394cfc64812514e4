// Operation codes. They are constant where a loop is inlined, so that the choice costs nothing at run time.

// One instruction to a few per vector: loops over these are unrolled.
export const NEG: i32 = 0
export const ABS: i32 = 1
export const SIGN: i32 = 2
export const SQUARE: i32 = 3
export const SQRT: i32 = 4
export const RSQRT: i32 = 5
export const RECIPROCAL: i32 = 6
export const RELU: i32 = 7
export const CLIP: i32 = 8
export const LEAKY_RELU: i32 = 9
export const SOFTSIGN: i32 = 10
export const HARDSIGMOID: i32 = 11
export const HARDSWISH: i32 = 12
export const FLOOR: i32 = 13
export const CEIL: i32 = 14
export const ROUND: i32 = 15
export const TRUNC: i32 = 16
export const SCALE: i32 = 17
export const I_NEG: i32 = 18
export const I_ABS: i32 = 19
export const I_NOT: i32 = 60
export const I_TO_F: i32 = 61
export const F_TO_I: i32 = 62
export const I_RELU: i32 = 63

// Tens of instructions, with a quick form that holds in a range and a full form for the rest.
export const EXP: i32 = 20
export const LOG: i32 = 21
export const SIGMOID: i32 = 22
export const SILU: i32 = 23

// Tens of instructions, one form.
export const TANH: i32 = 30
export const ELU: i32 = 31
export const CELU: i32 = 32
export const GELU_TANH: i32 = 33
export const MISH: i32 = 34
export const GELU: i32 = 35

// Through f64.
export const ERF: i32 = 40
export const SOFTPLUS: i32 = 42
export const LOGSIGMOID: i32 = 43
export const EXPM1: i32 = 44
export const LOG1P: i32 = 45
export const LOG2: i32 = 46
export const ASIN: i32 = 47
export const ACOS: i32 = 48
export const ATAN: i32 = 49
export const SINH: i32 = 50
export const COSH: i32 = 51
export const ASINH: i32 = 52
export const ACOSH: i32 = 53
export const ATANH: i32 = 54
export const SIN: i32 = 55
export const COS: i32 = 56
export const TAN: i32 = 57
