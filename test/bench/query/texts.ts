import { type Random, randomFrom } from './random.ts'

// What tasks print. Words follow Zipf's law, as words do; three kinds of them are searched for.

const VOCABULARY = 4_000
/** A rare word stands in one of so many outputs. */
const OUTPUTS_A_RARE_WORD = 25_000

/** In about every third output. */
export const frequentWord = 'successful'
/** A handful of times in millions of events each. */
export const rareWords = (
  'zabaglione quokka zephyr bergamot hyssop obsidian marzipan axolotl tamarind sassafras ' +
  'periwinkle calliope xylem ziggurat gossamer halcyon kumquat lapislazuli nasturtium ocelot'
).split(' ')
/** Nowhere. */
export const absentWords = 'brouhaha flummox gobbledygook kerfuffle lollygag skedaddle'.split(' ')

const syllables =
  'ka lo mi ter ver con sta pro ren dis ma ser vi na tor pe ra li den ur ban ex is ol mer'.split(' ')

export interface Texts {
  stdout(random: Random, role: string): string
  diff(random: Random, role: string): { path: string; unified: string }
  failure(random: Random, role: string): string
}

export function texts(): Texts {
  const words = vocabulary()
  let outputs = 0
  const line = (random: Random, count: number): string =>
    Array.from({ length: count }, () => random.pickEarly(words)).join(' ')
  return {
    stdout(random, role) {
      outputs += 1
      const lines = Array.from({ length: random.integer(1, 6) }, () => line(random, random.integer(3, 12)))
      if (random.chance(1 / 3))
        lines.push(`${role}: configuration file /etc/${role}/${role}.conf test is ${frequentWord}`)
      const nth = outputs / OUTPUTS_A_RARE_WORD
      if (Number.isInteger(nth)) lines.push(`notice: ${rareWords[nth % rareWords.length]} was seen`)
      return lines.join('\n')
    },
    diff(random, role) {
      const path = `/etc/${role}/${random.pickEarly(words)}.conf`
      const key = random.pickEarly(words)
      const kept = Array.from(
        { length: 3 },
        () => ` ${random.pickEarly(words)} = ${random.integer(1, 999)}\n`
      )
      const changed = `-${key} = ${random.integer(1, 99)}\n+${key} = ${random.integer(100, 999)}\n`
      return {
        path,
        unified: `--- before\n+++ ${path}\n@@ -12,4 +12,4 @@\n${kept.slice(0, 2).join('')}${changed}${kept[2]}`
      }
    },
    failure: (random, role) => `${role}: ${line(random, 6)}: connection refused`
  }
}

function vocabulary(): string[] {
  const random = randomFrom(VOCABULARY)
  const words = new Set<string>()
  while (words.size < VOCABULARY) {
    words.add(Array.from({ length: random.integer(2, 4) }, () => random.pick(syllables)).join(''))
  }
  return [...words]
}
