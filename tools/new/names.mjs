const words = (name) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split('-')
const capital = (word) => word[0].toUpperCase() + word.slice(1)

export const kebabCase = (name) => words(name).join('-')
export const pascalCase = (name) => words(name).map(capital).join('')
export const camelCase = (name) =>
  words(name)
    .map((word, i) => (i === 0 ? word : capital(word)))
    .join('')
