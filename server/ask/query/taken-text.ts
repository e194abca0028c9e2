import { wordsOf } from './words.ts'

/** These two become ASCII letters in lower case: what follows from a missing `i` or `k` does not hold beside them. */
export const BECOMES_ASCII = /[\u0130\u212A]/

/** To take a text apart costs as much as to search it some hundred times. */
const SEARCHES_OF_TEXT_MAX = 100

/** A text that many searches are asked of: what they need of it is made once, when the first of them does. */
export class TakenText {
  readonly text: string
  #searches = 0
  #lower: string | undefined
  #becomesAscii: boolean | undefined
  #words: readonly string[] | undefined
  #places: ReadonlyMap<string, readonly number[]> | undefined

  constructor(text: string) {
    this.text = text
  }

  get lower(): string {
    this.#lower ??= this.text.toLowerCase()
    return this.#lower
  }

  get becomesAscii(): boolean {
    this.#becomesAscii ??= BECOMES_ASCII.test(this.text)
    return this.#becomesAscii
  }

  /** Whether one more search is cheaper among the words, since they are known or many searches come. */
  isWorthTakingApart(): boolean {
    this.#searches++
    return this.#places !== undefined || this.#searches > SEARCHES_OF_TEXT_MAX
  }

  get words(): readonly string[] {
    this.#words ??= wordsOf(this.text)
    return this.#words
  }

  /** Where each of its words stands among them. */
  get places(): ReadonlyMap<string, readonly number[]> {
    this.#places ??= placesOf(this.words)
    return this.#places
  }
}

/** The texts of one document, each of which is taken apart once, however many queries are asked. */
export class TakenTexts {
  readonly #taken = new Map<string, TakenText>()

  of(text: string): TakenText {
    const known = this.#taken.get(text)
    if (known !== undefined) return known
    const taken = new TakenText(text)
    this.#taken.set(text, taken)
    return taken
  }
}

function placesOf(words: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [at, word] of words.entries()) {
    const known = places.get(word)
    if (known === undefined) places.set(word, [at])
    else known.push(at)
  }
  return places
}
