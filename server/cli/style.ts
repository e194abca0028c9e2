import { styleText } from 'node:util'
import type { ResultStatus, RunStatus } from '../index/store.ts'
import type { Output, Surroundings } from './surroundings.ts'

export type Format = Parameters<typeof styleText>[0]

/** Text in a format, or the text alone where colours are not wanted. */
export type Paint = (format: Format | undefined, text: string) => string

/** Colours that people know from Ansible. */
const formats: Record<RunStatus | ResultStatus, Format> = {
  ok: 'green',
  success: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'redBright',
  skipped: 'cyan',
  running: 'blue',
  aborted: 'magenta'
}

/** The colour of a status; none for one that this version does not know. */
export function statusFormat(status: string): Format | undefined {
  return Object.hasOwn(formats, status) ? formats[status as RunStatus | ResultStatus] : undefined
}

/**
 * Colours for `output`: on a terminal, unless NO_COLOR says no; FORCE_COLOR says yes anywhere (`0` and `false`:
 * nowhere) and is the stronger, as it is in Node. Decided here and not by styleText's own validateStream, because that one
 * asks the process's environment and not the one that we were given.
 */
export function paintFor(output: Output, env: Surroundings['env']): Paint {
  const isColoured = wantsColour(output, env)
  return (format, text) =>
    isColoured && format !== undefined && text !== ''
      ? styleText(format, text, { validateStream: false })
      : text
}

function wantsColour(output: Output, env: Surroundings['env']): boolean {
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR)
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return output.isTTY === true && env.TERM !== 'dumb'
}
