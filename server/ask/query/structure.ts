import { limits } from '../../limits.ts'
import { QueryMistake } from './mistake.ts'
import type { TermToken, Token } from './scan.ts'

/** Which terms a query has, and how they are put together. */
export type Structure =
  | { type: 'term'; term: TermToken }
  | { type: 'not'; of: Structure }
  | { type: 'and' | 'or'; of: Structure[] }

/**
 * NOT binds tighter than AND, and AND tighter than OR; terms side by side are joined by AND:
 *
 *   either = both { OR both }      both = one { [ AND ] one }      one = NOT one | "(" either ")" | term
 */
export function structureOf(tokens: readonly Token[]): Structure {
  checkOrder(tokens)
  let at = 0

  function either(): Structure {
    const of = [both()]
    while (take('or')) of.push(both())
    return joined('or', of)
  }

  function both(): Structure {
    const of = [one()]
    while (take('and') || begins.has(tokens[at]?.type)) of.push(one())
    return joined('and', of)
  }

  function one(): Structure {
    if (take('not')) return negated(one())
    if (take('open')) {
      const inner = either()
      take('close')
      return inner
    }
    const token = tokens[at++]
    if (token?.type !== 'term') throw new Error(`query: ${token?.type} stands where a term was expected`)
    return { type: 'term', term: token }
  }

  function take(type: Token['type']): boolean {
    if (tokens[at]?.type !== type) return false
    at++
    return true
  }

  return either()
}

/** What a term, or what stands for one, begins with. */
const begins: ReadonlySet<Token['type'] | undefined> = new Set(['term', 'open', 'not'] as const)

function joined(type: 'and' | 'or', of: Structure[]): Structure {
  const [only] = of
  return of.length === 1 && only !== undefined ? only : { type, of }
}

/** Two NOT take each other away. */
function negated(of: Structure): Structure {
  return of.type === 'not' ? of.of : { type: 'not', of }
}

/** Throws QueryMistake where an operand is missing, or a parenthesis. */
function checkOrder(tokens: readonly Token[]): void {
  const open: Token[] = []
  let before: Token | undefined
  for (const token of tokens) {
    const isOperandMissing = before === undefined || !(before.type === 'term' || before.type === 'close')
    if (isOperandMissing && (token.type === 'and' || token.type === 'or' || token.type === 'close')) {
      throw missingOperand(before, token)
    }
    if (token.type === 'open') open.push(token)
    if (open.length > limits.queryDepthMax) throw tooDeep(token.at)
    if (token.type === 'close' && open.pop() === undefined) throw unopened(token)
    before = token
  }
  if (before !== undefined && before.type !== 'term' && before.type !== 'close')
    throw missingOperand(before, undefined)
  const [unclosed] = open
  if (unclosed !== undefined)
    throw new QueryMistake('A "(" is not closed. Add a ")", or put it in quotation marks.', unclosed)
}

/** `token` is what came instead; undefined at the end of the query. */
function missingOperand(before: Token | undefined, token: Token | undefined): QueryMistake {
  const { at } = token ?? before ?? { at: 0 }
  if (before?.type === 'open' && token === undefined)
    return new QueryMistake(
      'The query ends behind "(": a term and a ")" are missing. To search for the sign, put it in quotation marks.',
      { at }
    )
  if (before?.type === 'open' && token?.type === 'close')
    return new QueryMistake('There is nothing between "(" and ")".', { at })
  if (before === undefined && token?.type === 'close') return unopened(token)
  const isBefore =
    before === undefined || before.type === 'open' || token?.type === 'or' || token?.type === 'and'
  const name = nameOf(isBefore ? token : before)
  const end = token === undefined ? ', at the end of the query' : ''
  return new QueryMistake(
    `A term is missing ${isBefore ? 'before' : 'behind'} ${name}${end}. To search for the word ${name}, put it in quotation marks.`,
    { at }
  )
}

function nameOf(sign: Token | undefined): string {
  return sign?.type.toUpperCase() ?? ''
}

function unopened({ at }: Token): QueryMistake {
  return new QueryMistake('A ")" without a "(" before it. Remove it, or put it in quotation marks.', { at })
}

function tooDeep(at: number): QueryMistake {
  return new QueryMistake(
    `Parentheses are more than ${limits.queryDepthMax} deep. Leave out those that change nothing, or ask in two queries.`,
    { at, isTooCostly: true }
  )
}
