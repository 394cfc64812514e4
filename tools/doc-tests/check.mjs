// What the compiled blocks call: `__check` for `// => value`, `__throws` for `// => throws Name`.
// Plain JavaScript without imports: the smoke test runs it in other runtimes too.

const fail = (message) => {
  throw new Error(message)
}

/** Half a unit of the last digit written, and never finer than f32. */
const tolerance = (digits, value) => {
  const [mantissa, exponent = '0'] = digits.toLowerCase().split('e')
  const decimals = mantissa.split('.')[1]?.length ?? 0
  const written = decimals > 0 ? 0.5000001 * Number(`1e${Number(exponent) - decimals}`) : 0
  return Math.max(written, 1e-6 * Math.abs(value))
}

const plain = (value) => {
  if (value !== null && typeof value === 'object') {
    if (typeof value.toArray === 'function') return value.toArray()
    if (ArrayBuffer.isView(value) || value instanceof Set) return [...value]
    if (value instanceof Map) return Object.fromEntries(value)
  }
  return value
}

const matches = (raw, claim) => {
  const got = plain(raw)
  if ('text' in claim) return String(raw) === claim.text
  if ('number' in claim)
    return (
      typeof got === 'number' &&
      (Object.is(got, claim.number) ||
        Math.abs(got - claim.number) <= tolerance(claim.digits, claim.number) ||
        (got !== got && claim.number !== claim.number))
    )
  if ('list' in claim)
    return (
      Array.isArray(got) && got.length === claim.list.length && claim.list.every((item, i) => matches(got[i], item))
    )
  if ('fields' in claim)
    return (
      got !== null &&
      typeof got === 'object' &&
      Object.keys(got).length === claim.fields.length &&
      claim.fields.every(([name, value]) => matches(got[name], value))
    )
  return got === claim.is
}

const show = (value) =>
  JSON.stringify(plain(value), (_, item) =>
    typeof item === 'number' && !Number.isFinite(item)
      ? String(item)
      : typeof item === 'bigint'
        ? `${item}n`
        : plain(item),
  )

export const check = (value, claim, text) => {
  if (!matches(value, claim)) fail(`the comment says ${text}, the code gives ${show(value) ?? String(value)}`)
}

export const throws = async (block, claim) => {
  const name = claim.match(/^\w+/)?.[0]
  const error = await block().then(
    () => undefined,
    (thrown) => thrown ?? {},
  )
  if (error === undefined) fail(`the comment says that it throws ${claim}`)
  if (error.name !== name) throw error
  const message = claim
    .slice(name.length)
    .replace(/^: */, '')
    .replace(/(…|\.\.\.)$/, '')
  if (!error.message.includes(message))
    fail(`the comment says that the message contains "${message}", it is "${error.message}"`)
}
