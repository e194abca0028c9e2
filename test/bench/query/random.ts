/** Numbers that look drawn by chance, and are the same for the same seed. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** A whole number from `min` to `max`. */
  integer(min: number, max: number): number
  /** True in this share of the cases. */
  chance(share: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** Like `pick`, with the first items by far the most often (Zipf). */
  pickEarly<Item>(items: readonly Item[]): Item
  /** `count` neighbours, from anywhere. */
  stretch<Item>(items: readonly Item[], count: number): Item[]
  /** Log-normal around `median`, as durations are: most are near it, a few many times as long. */
  logNormal(median: number, sigma: number): number
  /** `digits` hexadecimal digits. */
  hex(digits: number): string
}

/** The generator is sfc32 of PractRand: fast, and good enough for a benchmark. */
export function randomFrom(seed: number): Random {
  let a = 0x9e37_79b9
  let b = 0x243f_6a88
  let c = seed | 0
  let counter = 1
  const uint32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  // Neighbouring seeds begin alike, and part after a few rounds.
  for (let round = 0; round < 12; round++) uint32()
  const next = (): number => uint32() / 2 ** 32
  const at = <Item>(items: readonly Item[], index: number): Item => {
    const item = items[index]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (share) => next() < share,
    pick: (items) => at(items, Math.floor(next() * items.length)),
    pickEarly: (items) => at(items, Math.floor(items.length ** next()) - 1),
    stretch(items, count) {
      const start = Math.floor(next() * (items.length - count + 1))
      return items.slice(start, start + count)
    },
    logNormal: (median, sigma) =>
      median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
    hex(digits) {
      let text = ''
      while (text.length < digits) text += uint32().toString(16).padStart(8, '0')
      return text.slice(0, digits)
    }
  }
}
