/** Numbers below a bound, the same ones for a seed (xorshift32). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed * 2 + 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}
