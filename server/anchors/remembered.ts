import { readFileWithin } from '../read-file.ts'
import { replaceFileElsewhere } from './replace-file.ts'

// anchors.json in the data folder: what each anchor kept last, by the service's own account. Losing it costs that a file
// which is gone is not missed. A copy of the folder that was put back has an old one, so it proves nothing.

const FORMAT = 1
const MODE = 0o600
const BYTES_MAX = 1_048_576

/** What is remembered of an anchor. */
export interface Remembered {
  kind: string
  target: string
  /** The checkpoint that it kept last; absent if it never did. */
  size?: number
  root?: string
  /** When it said so. */
  at?: string
  /** What fails, and since when; absent if nothing does. */
  error?: string
  failing_since?: string
  /** Why it does not agree with the log, which it has not taken back by keeping a checkpoint since. */
  contradiction?: string
}

export interface RememberedAnchors {
  of(anchor: { kind: string; target: string }): Remembered | undefined
  /** How many anchors something is remembered of. */
  readonly count: number
  /** Remembers all of these and nothing else, durably. */
  keep(all: readonly Remembered[]): Promise<void>
  /** Remembers, durably, why an anchor does not agree with the log, beside all that is remembered. */
  keepContradiction(anchor: { kind: string; target: string }, contradiction: string): Promise<void>
}

/** A file that holds something else is told to `onBad`, and replaced. */
export async function openRememberedAnchors(
  path: string,
  onBad: (error: unknown) => void
): Promise<RememberedAnchors> {
  let known = await readRemembered(path).catch((error: unknown) => {
    onBad(error)
    return []
  })
  let written: Promise<unknown> = Promise.resolve()
  const of: RememberedAnchors['of'] = ({ kind, target }) =>
    known.find((one) => one.kind === kind && one.target === target)
  const keep: RememberedAnchors['keep'] = async (all) => {
    const content = `${JSON.stringify({ format: FORMAT, anchors: all }, undefined, 2)}\n`
    // One after the other: they share a file.
    const writing = written.then(() => replaceFileElsewhere(path, content, MODE))
    written = writing.catch(() => undefined)
    await writing
  }
  return {
    of,
    get count() {
      return known.length
    },
    keep,
    async keepContradiction({ kind, target }, contradiction) {
      const before = of({ kind, target })
      known = [...known.filter((one) => one !== before), { ...before, kind, target, contradiction }]
      await keep(known)
    }
  }
}

/** What is remembered in a file; nothing if there is none. Rejects if it holds something else. */
export async function readRemembered(path: string): Promise<Remembered[]> {
  const text = (await readFileWithin(path, BYTES_MAX))?.toString('utf8')
  if (text === undefined) return []
  const { format, anchors } = parsed(text)
  if (format !== FORMAT || !Array.isArray(anchors) || !anchors.every(isRemembered))
    throw new Error(`${path}: expected {"format": ${FORMAT}, "anchors": […]}`)
  return anchors
}

function parsed(text: string): { format?: unknown; anchors?: unknown } {
  try {
    return JSON.parse(text) as { format?: unknown; anchors?: unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function isRemembered(one: Remembered | null): one is Remembered {
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
  return (
    typeof one?.kind === 'string' &&
    typeof one.target === 'string' &&
    (one.size === undefined || Number.isSafeInteger(one.size)) &&
    [one.root, one.at, one.error, one.failing_since, one.contradiction].every(isText)
  )
}
