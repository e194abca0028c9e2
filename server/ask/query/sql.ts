/** A part of a statement, with a value for each `?` in it. */
export interface Sql {
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** Whatever is put in stands for a value, unless it is a part of a statement itself. */
export function sql(texts: TemplateStringsArray, ...parts: (Sql | string | number)[]): Sql {
  const filled = parts.map((part) => (typeof part === 'object' ? part : { text: '?', values: [part] }))
  return {
    text: texts.map((text, at) => text + (filled[at]?.text ?? '')).join(''),
    values: filled.flatMap(({ values }) => values)
  }
}

export function joined(parts: readonly Sql[], between: ' AND ' | ' OR '): Sql {
  return {
    text: `(${parts.map(({ text }) => text).join(between)})`,
    values: parts.flatMap(({ values }) => values)
  }
}

/** from ≤ value ≤ to, as far as there are such limits. Of whole numbers. */
export function between(value: Sql, from: number | string | undefined, to: number | string | undefined): Sql {
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number
  // Beyond them nothing is counted exactly, and no field goes there.
  return sql`${value} BETWEEN ${from ?? 2 * MIN_SAFE_INTEGER} AND ${to ?? 2 * MAX_SAFE_INTEGER}`
}
