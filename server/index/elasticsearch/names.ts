/** Where each kind of document lies. */
export interface IndexNames {
  /** Data stream of the events; `_id` is `event.id`. */
  events: string
  /** One document a run; `_id` is `run.id`. */
  runs: string
  /** Which result of a task on a host counts; `_id` is made of what identifies it. */
  results: string
}

/** Index of what servers remember: which generation is in use, and how far each journal has come in it. */
export const STATE_INDEX = 'playtrail-state'

/** Keeps several trails apart within one cluster, as the namespace of a data stream does. */
export const DEFAULT_NAMESPACE = 'default'

/**
 * The names to write to. An index that is made anew beside the one in use is its next generation; the first
 * one is called as the data stream naming scheme wants it, `logs-<dataset>-<namespace>`.
 */
export function namesOf(generation: number, namespace: string): IndexNames {
  const suffix = generation === 1 ? namespace : `${namespace}.${generation}`
  return {
    events: `logs-playtrail.events-${suffix}`,
    runs: `playtrail-runs-${suffix}`,
    results: `playtrail-results-${suffix}`
  }
}

/**
 * Where to write documents that Elasticsearch would make an index of guesses for, if ours was not there. The
 * generation in use is written to through its aliases, which only our templates give.
 */
export interface WriteNames extends IndexNames {
  isAliasRequired: boolean
}

export function writeNamesOf(generation: number, isInUse: boolean, namespace: string): WriteNames {
  const names = namesOf(generation, namespace)
  if (!isInUse) return { ...names, isAliasRequired: false }
  // Events are appended to their data stream itself, which can be required too.
  return { ...aliasesOf(namespace), events: names.events, isAliasRequired: true }
}

/** The aliases to read from: they stand for the generation in use. */
export function aliasesOf(namespace: string): IndexNames {
  const suffix = namespace === DEFAULT_NAMESPACE ? '' : `.${namespace}`
  return {
    events: `playtrail-events${suffix}`,
    runs: `playtrail-runs${suffix}`,
    results: `playtrail-results${suffix}`
  }
}
