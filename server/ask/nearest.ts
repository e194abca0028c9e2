/** Longer words are not compared: nobody misspells one of ours like that. */
const CHARACTERS_MAX = 40

/** The one of `known` that `word` was probably meant to be: the fewest letters changed, added or left out. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > CHARACTERS_MAX) return undefined
  const ranked = known
    .map((name) => ({ name, changes: changesBetween(word.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.changes - other.changes)
  const [best] = ranked
  // More than a third of the letters changed is another word.
  return best !== undefined && best.changes <= Math.floor(best.name.length / 3) ? best.name : undefined
}

/** Levenshtein's distance, row by row. */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1]
    for (const [column, otherLetter] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
