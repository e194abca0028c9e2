/** Longer words are not compared: nobody misspells one of ours like that. */
const CHARACTERS_MAX = 40

/** The one of `known` that `word` was probably meant to be: the fewest letters changed, added, left out or swapped. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > CHARACTERS_MAX) return undefined
  const ranked = known
    .map((name) => ({ name, changes: changesBetween(word.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.changes - other.changes)
  const [best] = ranked
  // More than a third of the letters changed is another word.
  return best !== undefined && best.changes <= Math.floor(best.name.length / 3) ? best.name : undefined
}

/**
 * Letters changed, added, left out, or two of them swapped: the optimal string alignment distance, row by row
 * (Wagner and Fischer's table for Levenshtein's distance, with swaps as Damerau counts them).
 */
function changesBetween(one: string, other: string): number {
  const [letters, otherLetters] = [[...one], [...other]]
  let rowBefore: number[] = []
  let row = Array.from({ length: otherLetters.length + 1 }, (_, at) => at)
  for (const [at, letter] of letters.entries()) {
    const next = [at + 1]
    for (const [column, otherLetter] of otherLetters.entries()) {
      const replaced = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1)
      const isSwap = letter === otherLetters[column - 1] && letters[at - 1] === otherLetter
      const swapped = isSwap ? (rowBefore[column - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(replaced, swapped, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    rowBefore = row
    row = next
  }
  return row.at(-1) ?? 0
}
