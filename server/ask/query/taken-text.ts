import { wordsOf } from './words.ts'

/** A text that many searches are asked of: what they need of it is made once, when the first of them does. */
export class TakenText {
  readonly text: string
  #lower: string | undefined
  #words: readonly string[] | undefined
  #places: ReadonlyMap<string, readonly number[]> | undefined

  constructor(text: string) {
    this.text = text
  }

  get lower(): string {
    this.#lower ??= this.text.toLowerCase()
    return this.#lower
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
