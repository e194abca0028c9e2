import fc from 'fast-check'
import { and, type Condition, not, or, type Query } from '../../server/ask/query/ast.ts'
import { valuesOf } from '../../server/ask/query/closed-sets.ts'
import { type Field, field, fieldNames, LABELS } from '../../server/ask/query/fields.ts'
import { ipKey } from '../../server/ask/query/ip.ts'
import { escapePattern } from '../../server/ask/query/patterns.ts'
import { wordsOf } from '../../server/ask/query/words.ts'
import { microsecondsOf } from '../../server/index/columns.ts'
import { limits } from '../../server/limits.ts'
import { common } from './events.ts'
import { addresses, dates, keywords, labelNames, numbers, texts } from './vocabulary.ts'

const GROUPS = ['ansible', 'source', 'ansible.diff', 'ansible.result', 'ansible.facts', 'ansible.retry']

const fields: fc.Arbitrary<Field> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...common) },
  { weight: 4, arbitrary: fc.constantFrom(...fieldNames.map(field)) },
  { weight: 1, arbitrary: labelNames.map((name) => field(`${LABELS}.${name}`)) },
  { weight: 1, arbitrary: fc.constant(field('status')) }
)

/** Queries as parse.ts could have made them, within its limits. */
export function queries(nowDay: { fromMs: number; toMs: number }): fc.Arbitrary<Query> {
  const condition: fc.Arbitrary<Query> = fc.oneof(
    { weight: 9, arbitrary: fields.chain((one) => conditionOn(one, nowDay)) },
    { weight: 2, arbitrary: textConditions(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...GROUPS).map((name): Condition => ({ type: 'exists', field: name }))
    }
  )
  const { tree } = fc.letrec<{ tree: Query }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 3, arbitrary: condition },
      { weight: 1, arbitrary: tie('tree').map(not) },
      { weight: 1, arbitrary: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((of) => and(...of)) },
      { weight: 1, arbitrary: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((of) => or(...of)) }
    )
  }))
  return tree.filter((query) => wildcardsOf(query) <= limits.queryWildcardsMax)
}

function conditionOn(one: Field, day: { fromMs: number }): fc.Arbitrary<Condition> {
  const exists = fc.constant<Condition>({ type: 'exists', field: one.name })
  return fc.oneof({ weight: 1, arbitrary: exists }, { weight: 5, arbitrary: comparison(one, day) })
}

function comparison(one: Field, day: { fromMs: number }): fc.Arbitrary<Condition> {
  const { name, kind } = one
  const near = (value: number) => fc.constantFrom(value - 1, value, value + 1)
  switch (kind) {
    case 'text':
      return textConditions(name)
    case 'boolean':
      return fc.boolean().map((value) => ({ type: 'is', field: name, value }))
    case 'number':
      return rangeOf(name, numbers.chain(near).filter(Number.isSafeInteger))
    case 'date': {
      const times =
        name === '@timestamp'
          ? fc.constantFrom(0, 1, 999, 1_000, 1_001).map((us) => day.fromMs * 1000 + us)
          : dates.map((text) => microsecondsOf(text) ?? 0)
      return rangeOf(name, times.chain(near))
    }
    case 'ip':
      return rangeOf(
        name,
        addresses.map((text) => ipKey(text) ?? '')
      )
    default:
      return fc.oneof(
        {
          weight: 2,
          arbitrary: values(one).map((value): Condition => ({ type: 'equals', field: name, value }))
        },
        {
          weight: 1,
          arbitrary: values(one)
            .chain((value) => patternOf(value, kind === 'labels'))
            .map((pattern): Condition => ({ type: 'like', field: name, pattern }))
        }
      )
  }
}

function values({ name }: Field): fc.Arbitrary<string> {
  if (name === 'event.action') return fc.constantFrom('host.result', 'item.result', 'run.heartbeat')
  const closed = valuesOf(name)
  if (closed !== undefined) return fc.constantFrom(...closed)
  return fc.oneof(
    { weight: 5, arbitrary: keywords },
    { weight: 1, arbitrary: texts.filter((text) => text.length < 200) }
  )
}

/** The value with some of its characters left out, and sometimes others. */
function patternOf(given: string, isBeginning: boolean): fc.Arbitrary<string> {
  // Of an empty value nothing would be left but `*`, which asks whether there is any.
  const value = given === '' ? 'x' : given
  const characters = [...value].slice(0, 40)
  const cut = fc.nat(characters.length)
  if (isBeginning)
    return fc
      .integer({ min: 1, max: characters.length })
      .map((at) => `${escapePattern(characters.slice(0, at).join(''))}*`)
  return fc
    .tuple(cut, cut, fc.constantFrom('*', '?', '*?', '??', '*x*'))
    .map(([one, other, wild]) => {
      const [from, to] = one < other ? [one, other] : [other, one]
      const rest = value.length > 40 ? '*' : escapePattern(characters.slice(to).join(''))
      return escapePattern(characters.slice(0, from).join('')) + wild + rest
    })
    .map((pattern) =>
      pattern.replaceAll(/\*+/g, (stars, at: number) => (pattern[at - 1] === '\\' ? stars : '*'))
    )
    .filter(isNotAny)
}

function isNotAny(pattern: string): boolean {
  return pattern !== '*'
}

function textConditions(name: string | undefined): fc.Arbitrary<Condition> {
  const where = name === undefined ? {} : { field: name }
  const words = texts
    .map(wordsOf)
    // What is longer is cut at another place when it is read again.
    .filter((all) => all.length > 0 && all.every((word) => word.length < 200))
    .chain((all) => fc.nat(all.length - 1).map((at) => all.slice(at, at + 2)))
  const phrases = words.map((of): Condition => ({ type: 'words', ...where, words: of }))
  const beginnings = words
    .map(([word = '']) => word)
    .filter((word) => /^[\p{L}\p{N}_][\p{L}\p{N}_.:']+$/u.test(word))
    .chain((word) =>
      fc.constantFrom('*', '?', '?*').map(
        (wild): Condition => ({
          type: 'word-like',
          ...where,
          pattern: `${[...word].slice(0, 3).join('')}${wild}`
        })
      )
    )
  return fc.oneof({ weight: 3, arbitrary: phrases }, { weight: 1, arbitrary: beginnings })
}

function rangeOf<Value extends number | string>(
  name: string,
  value: fc.Arbitrary<Value>
): fc.Arbitrary<Condition> {
  return fc.oneof(
    value.map((only): Condition => ({ type: 'range', field: name, from: only, to: only })),
    value.map((from): Condition => ({ type: 'range', field: name, from })),
    value.map((to): Condition => ({ type: 'range', field: name, to })),
    fc.tuple(value, value).map(([from, to]): Condition => ({ type: 'range', field: name, from, to }))
  )
}

function wildcardsOf(query: Query): number {
  switch (query.type) {
    case 'and':
    case 'or':
      return query.of.reduce((sum, part) => sum + wildcardsOf(part), 0)
    case 'not':
      return wildcardsOf(query.of)
    case 'like':
    case 'word-like':
      return query.pattern.replaceAll(/\\./gsu, '').match(/[*?]/g)?.length ?? 0
    default:
      return 0
  }
}
