/** A text that is being read, and where the reader stands in it. */
export interface Reader {
  readonly text: string
  at: number
}

/** What the pattern, which is sticky, fits at the place; the reader stands behind it then. */
export function taken(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at
  const [match = ''] = pattern.exec(reader.text) ?? []
  reader.at += match.length
  return match
}
