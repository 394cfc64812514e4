// What the pictures are drawn with: SVG text on paper of its own, readable on any page.

export const ink = '#1c2530'
export const faint = '#8a94a0'
export const rule = '#e4e8ec'
export const own = '#0b7a5b'

export const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export const text = (x, y, content, { size = 12, colour = ink, anchor = 'start', weight = 400 } = {}) =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${colour}" text-anchor="${anchor}" font-weight="${weight}">${escape(content)}</text>`

export const line = (x1, y1, x2, y2, colour, width = 1) =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${width}"/>`

export const round = (value) => Math.round(value * 10) / 10

/** A picture with its title, and a line below that says what it shows. */
export const sheet = (width, height, title, subtitle, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, 'Segoe UI', Helvetica, Arial, sans-serif" role="img">
<title>${escape(title)}</title>
<rect width="${width}" height="${height}" rx="10" fill="#fff"/>
${text(28, 38, title, { size: 19, weight: 650 })}
${text(28, 60, subtitle, { size: 12.5, colour: faint })}
${parts.join('\n')}
</svg>
`
