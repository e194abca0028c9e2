/**
 * As much of KQL as the dashboards use: `field : word`, `field : (a or b)`, `field : *`, `field > 1`, and, or, not,
 * parentheses. Anything else is refused, so that nothing is tested with another meaning than Kibana gives it.
 */
export interface ParsedKql {
  /** The query of Elasticsearch's that Kibana makes of it. */
  query: Record<string, unknown>
  fields: string[]
}

const TOKEN = /\s*(?:(>=|<=|[():<>*])|([\w@.-]+))/y
const KEYWORDS = ['and', 'or', 'not']

export function parseKql(text: string): ParsedKql {
  if (text.trim() === '') return { query: { match_all: {} }, fields: [] }
  const parser = new Parser(tokensOf(text), text)
  const query = parser.disjunction()
  parser.expectEnd()
  return { query, fields: parser.fields }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new Error(`KQL that is not understood here, at "${text.slice(at)}": ${text}`)
    tokens.push(match[1] ?? match[2] ?? '')
  }
  return tokens
}

class Parser {
  readonly fields: string[] = []
  #tokens: string[]
  #text: string

  constructor(tokens: string[], text: string) {
    this.#tokens = tokens
    this.#text = text
  }

  disjunction(): Record<string, unknown> {
    return this.#list('or', () => this.#conjunction(), anyOf)
  }

  expectEnd(): void {
    if (this.#tokens.length > 0) this.#fail(`the end instead of "${this.#tokens[0]}"`)
  }

  #conjunction(): Record<string, unknown> {
    return this.#list(
      'and',
      () => this.#negation(),
      (filter) => ({ bool: { filter } })
    )
  }

  #negation(): Record<string, unknown> {
    if (!this.#takes('not')) return this.#clause()
    return { bool: { must_not: [this.#negation()] } }
  }

  #clause(): Record<string, unknown> {
    if (this.#takes('(')) {
      const inner = this.disjunction()
      this.#expect(')')
      return inner
    }
    const field = this.#word()
    this.fields.push(field)
    for (const [sign, bound] of [
      ['>=', 'gte'],
      ['<=', 'lte'],
      ['>', 'gt'],
      ['<', 'lt']
    ] as const)
      if (this.#takes(sign)) return { range: { [field]: { [bound]: this.#word() } } }
    this.#expect(':')
    if (this.#takes('*')) return { exists: { field } }
    if (!this.#takes('(')) return { match: { [field]: this.#word() } }
    const values = this.#list('or', () => ({ match: { [field]: this.#word() } }), anyOf)
    this.#expect(')')
    return values
  }

  #list(
    between: string,
    item: () => Record<string, unknown>,
    join: (items: Record<string, unknown>[]) => Record<string, unknown>
  ): Record<string, unknown> {
    const first = item()
    const items = [first]
    while (this.#takes(between)) items.push(item())
    return items.length === 1 ? first : join(items)
  }

  #word(): string {
    const token = this.#tokens[0]
    if (token === undefined || !/^[\w@.-]+$/.test(token) || KEYWORDS.includes(token))
      return this.#fail(`a word instead of ${token === undefined ? 'the end' : `"${token}"`}`)
    this.#tokens.shift()
    return token
  }

  #expect(token: string): void {
    if (!this.#takes(token)) this.#fail(`"${token}" instead of "${this.#tokens[0] ?? 'the end'}"`)
  }

  #takes(token: string): boolean {
    if (this.#tokens[0] !== token) return false
    this.#tokens.shift()
    return true
  }

  #fail(expected: string): never {
    throw new Error(`KQL that is not understood here: expected ${expected} in: ${this.#text}`)
  }
}

function anyOf(should: Record<string, unknown>[]): Record<string, unknown> {
  return { bool: { should, minimum_should_match: 1 } }
}
