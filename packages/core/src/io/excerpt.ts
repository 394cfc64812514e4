/** A value as it stands in messages: its start, however long it is. */
export const excerpt = (value: unknown): string => {
  if (value === undefined) return 'none'
  if (value instanceof Map) return 'an object'
  if (Array.isArray(value)) return `[${value.slice(0, 10).map(excerpt)}${value.length > 10 ? ', …' : ''}]`
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
  return typeof value === 'string' && value.length > 60 ? `${text}…` : text
}
