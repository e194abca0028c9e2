import { Problem } from '../errors.ts'

/** How a list can be answered, by media type; the first one is what a client gets that takes anything. */
const types = {
  'application/json': 'page',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'text/csv': 'csv'
} as const

export interface Form {
  mediaType: string
  /** One page as JSON, or the whole list as a stream. */
  form: (typeof types)[keyof typeof types]
}

// A media range of an Accept header, such as text/csv, text/* or */*, and how welcome it is.
interface Range {
  type: string
  quality: number
}

const RANGE = /^(?<type>[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+)(?<parameters>\s*(?:;.*)?)$/
const QUALITY = /;\s*q\s*=\s*(?<quality>[^;\s]*)/i
const QUALITY_VALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/**
 * The form that an Accept header asks for (RFC 9110, section 12.5.1): the one with the greatest `q`, of equal ones the
 * first of ours. Throws Problem `not_acceptable` if it takes none.
 */
export function negotiate(accept: string | undefined): Form {
  const ranges = rangesOf(accept ?? '')
  const [best] = Object.entries(types)
    .map(([mediaType, form]) => ({ mediaType, form, quality: qualityOf(mediaType, ranges) }))
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
  if (best !== undefined) return best
  throw new Problem(
    'not_acceptable',
    `Expected a header Accept with application/json (a page), application/x-ndjson or text/csv (the whole list); got "${accept?.slice(0, 200)}".`
  )
}

function rangesOf(accept: string): Range[] {
  // A client that says nothing takes anything.
  if (accept.trim() === '') return [{ type: '*/*', quality: 1 }]
  return accept.split(',').flatMap((part) => {
    const { type, parameters = '' } = RANGE.exec(part.trim())?.groups ?? {}
    const { quality = '1' } = QUALITY.exec(parameters)?.groups ?? {}
    // What cannot be read names nothing.
    if (type === undefined || !QUALITY_VALUE.test(quality)) return []
    return [{ type: type.toLowerCase(), quality: Number(quality) }]
  })
}

/** The range that names the type most exactly says how welcome it is. */
function qualityOf(mediaType: string, ranges: readonly Range[]): number {
  const group = `${mediaType.split('/')[0]}/*`
  for (const name of [mediaType, group, '*/*']) {
    const found = ranges.find(({ type }) => type === name)
    if (found !== undefined) return found.quality
  }
  return 0
}
