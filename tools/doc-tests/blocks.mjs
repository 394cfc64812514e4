// Finds the code blocks of a Markdown or TypeScript file that a reader may copy.
const fence = /^( *)```(\w+)([^\n]*)\n([\s\S]*?)^\1```/gm

/** @typedef {{ code: string, line: number, skip: string | undefined }} Block */

const lineAt = (text, index) => text.slice(0, index).split('\n').length

/** Fenced `ts` blocks. After `ts no-run` stands the reason why it cannot run. */
const fenced = (text, line) =>
  [...text.matchAll(fence)]
    .filter(([, , language]) => language === 'ts')
    .map((match) => {
      const info = match[3].trim()
      const at = line + lineAt(text, match.index) - 1
      const skip = info.startsWith('no-run') ? info.slice('no-run'.length).trim() : undefined
      if (skip === '' || (info !== '' && skip === undefined))
        throw new Error(`line ${at}: write \`\`\`ts, or \`\`\`ts no-run REASON; got \`\`\`ts ${info}`)
      return { code: match[4], line: at, skip }
    })

/** `@example` tags of TSDoc comments: the text up to the next tag, fenced or plain. */
const tagged = (source) =>
  [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const text = comment[0].replace(/\s*\*\/$/, '').replace(/^[ \t]*(\/\*\*|\*) ?/gm, '')
    return [...text.matchAll(/(?:^|\s)@example\b([\s\S]*?)(?=^@\w|(?![\s\S]))/gm)].flatMap((tag) => {
      const line = lineAt(source, comment.index) + lineAt(text, tag.index + tag[0].indexOf('@')) - 1
      return tag[1].includes('```') ? fenced(tag[1], line) : [{ code: tag[1].trim(), line, skip: undefined }]
    })
  })

/** @returns {Block[]} */
export const blocksOf = (text, file) => (file.endsWith('.md') ? fenced(text, 1) : tagged(text))
