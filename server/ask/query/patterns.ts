// A pattern: `*` stands for any characters, `?` for one, and a backslash takes the meaning from the character
// behind it. It is what Elasticsearch's wildcard query takes.

export type PatternPart = { literal: string } | { any: 'one' | 'many' }

/** One character each, as Unicode counts them; of several `*` in a row one is left. */
export function partsOf(pattern: string): PatternPart[] {
  const parts: PatternPart[] = []
  let isEscaped = false
  for (const character of pattern) {
    if (isEscaped) parts.push({ literal: character })
    else if (character === '?') parts.push({ any: 'one' })
    else if (character === '*') {
      const last = parts.at(-1)
      if (last === undefined || !('any' in last) || last.any === 'one') parts.push({ any: 'many' })
    } else if (character !== '\\') parts.push({ literal: character })
    isEscaped = !isEscaped && character === '\\'
  }
  return parts
}

/** A pattern that fits `text` alone. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[*?\\]/g, '\\$&')
}

/** Whether the whole of `text` fits. Takes time in proportion to text × pattern, whatever the pattern. */
export function fits(text: string, pattern: string): boolean {
  return compilePattern(pattern)(text)
}

/** Goes back to the last `*` alone when a character does not fit: what an earlier one took is never better. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const parts = partsOf(pattern)
  return (text) => {
    const characters = Array.from(text)
    let at = 0
    let part = 0
    let star: { part: number; at: number } | undefined
    while (at < characters.length) {
      const expected = parts[part]
      if (expected !== undefined && 'any' in expected && expected.any === 'many') {
        star = { part, at }
        part++
      } else if (expected !== undefined && ('any' in expected || expected.literal === characters[at])) {
        at++
        part++
      } else if (star !== undefined) {
        star.at++
        at = star.at
        part = star.part + 1
      } else return false
    }
    return parts.slice(part).every((rest) => 'any' in rest && rest.any === 'many')
  }
}

/** As SQLite's GLOB takes it, whose other signs are plain within brackets. */
export function globOf(pattern: string): string {
  return partsOf(pattern)
    .map((part) => {
      if ('any' in part) return part.any === 'many' ? '*' : '?'
      return /[*?[]/.test(part.literal) ? `[${part.literal}]` : part.literal
    })
    .join('')
}

/** Whether a name is as a filter says: `*` alone stands for any characters, and no filter lets all through. */
export function likeness(filter: string | undefined): (name: string) => boolean {
  if (filter === undefined) return () => true
  return compilePattern(filter.replaceAll(/[?\\]/g, '\\$&'))
}
