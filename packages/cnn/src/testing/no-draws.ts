import { defaultGenerator, Generator, setDefaultGenerator } from '@lanewise/core'

/** Leaves weights at zero. */
class Still extends Generator {
  override uniform<T extends Float32Array | Float64Array>(out: T): T {
    return out
  }

  override normal<T extends Float32Array | Float64Array>(out: T): T {
    return out
  }
}

/** Runs `fn` without drawing weights, which takes nearly all of the time of building a large model. */
export const withoutDraws = <T>(fn: () => T): T => {
  const before = defaultGenerator()
  setDefaultGenerator(new Still(0))
  try {
    return fn()
  } finally {
    setDefaultGenerator(before)
  }
}
