import { type LiqeQuery, parse } from 'liqe'
import { limits } from '../../limits.ts'
import { QueryMistake } from './mistake.ts'
import type { TermToken, Token } from './scan.ts'

/** Which terms a query has, and how they are put together. */
export type Structure =
  | { type: 'term'; term: TermToken }
  | { type: 'not'; of: Structure }
  | { type: 'and' | 'or'; of: Structure[] }

/**
 * liqe reads what a query is put together of. It is given each term as a number in quotation marks, every operator
 * spelled out, and nothing of the user's: it reads values otherwise than Lucene does (no `/`, `:` or `\`, ranges of
 * numbers only), binds AND no tighter than OR, and takes exponentially long for parentheses side by side without
 * an operator, until the process has no more memory. `a OR NOT b AND (c)` comes to it as `"0" OR NOT "1" AND ( "2" )`.
 */
export function structureOf(tokens: readonly Token[]): Structure {
  checkOrder(tokens)
  const terms = tokens.filter((token) => token.type === 'term')
  return built(parse(spelledOut(tokens)), terms)
}

function spelledOut(tokens: readonly Token[]): string {
  const signs = { open: '(', close: ')', and: 'AND', or: 'OR', not: 'NOT' } as const
  let terms = 0
  return withoutDoubleNot(tokens)
    .map(({ type }) => (type === 'term' ? `"${terms++}"` : signs[type]))
    .join(' ')
}

/** liqe knows one NOT before a term. Two of them take each other away. */
function withoutDoubleNot(tokens: readonly Token[]): Token[] {
  const kept: Token[] = []
  for (const token of tokens) {
    if (token.type === 'not' && kept.at(-1)?.type === 'not') kept.pop()
    else kept.push(token)
  }
  return kept
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
    if (token.type === 'close' && open.pop() === undefined)
      throw new QueryMistake('A ")" without a "(" before it. Remove it, or put it in quotation marks.', token)
    before = token
  }
  if (before !== undefined && before.type !== 'term' && before.type !== 'close')
    throw missingOperand(before, undefined)
  const [unclosed] = open
  if (unclosed !== undefined)
    throw new QueryMistake('A "(" is not closed. Add a ")", or put it in quotation marks.', unclosed)
}

function missingOperand(before: Token | undefined, token: Token | undefined): QueryMistake {
  const { at } = token ?? before ?? { at: 0 }
  if (before?.type === 'open' && token?.type === 'close')
    return new QueryMistake('There is nothing between "(" and ")".', { at })
  const [side, sign] =
    before === undefined || before.type === 'open' || token?.type === 'or' || token?.type === 'and'
      ? ['before', token]
      : ['behind', before]
  const name = sign === undefined || sign.type === 'term' ? '' : sign.type.toUpperCase()
  return new QueryMistake(
    `A term is missing ${side} ${name}. To search for the word ${name}, put it in quotation marks.`,
    { at }
  )
}

function tooDeep(at: number): QueryMistake {
  return new QueryMistake(
    `Parentheses are more than ${limits.queryDepthMax} deep. Leave out those that change nothing, or ask in two queries.`,
    { at, isTooCostly: true }
  )
}

function built(node: LiqeQuery, terms: readonly TermToken[]): Structure {
  if (node.type === 'ParenthesizedExpression') return built(node.expression, terms)
  if (node.type === 'UnaryOperator') return { type: 'not', of: built(node.operand, terms) }
  if (node.type === 'LogicalExpression') return orOfAnds(node, terms)
  const number =
    node.type === 'Tag' && node.expression.type === 'LiteralExpression' ? node.expression.value : ''
  const term = terms[Number(number)]
  if (term === undefined) throw new Error(`query: liqe read ${node.type} where a term was written`)
  return { type: 'term', term }
}

/** `a AND b OR c AND d`, which liqe reads from left to right, as people read it: AND binds tighter than OR. */
function orOfAnds(node: LiqeQuery, terms: readonly TermToken[]): Structure {
  const alternatives: Structure[][] = [[]]
  for (const { operator, operand } of chainOf(node)) {
    if (operator === 'OR') alternatives.push([])
    alternatives.at(-1)?.push(built(operand, terms))
  }
  const parts = alternatives.map((of): Structure => {
    const [only] = of
    return of.length === 1 && only !== undefined ? only : { type: 'and', of }
  })
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { type: 'or', of: parts }
}

/** What stands side by side, each with the operator before it. */
function chainOf(node: LiqeQuery): { operator: 'AND' | 'OR'; operand: LiqeQuery }[] {
  const chain: { operator: 'AND' | 'OR'; operand: LiqeQuery }[] = []
  let rest = node
  while (rest.type === 'LogicalExpression') {
    chain.unshift({ operator: rest.operator.operator, operand: rest.right })
    rest = rest.left
  }
  return [{ operator: 'AND', operand: rest }, ...chain]
}
