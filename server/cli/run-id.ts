/** The part of a UUIDv7 that is its time: enough to tell runs apart unless they start within a millisecond. */
const SHORT_ID_CHARACTERS = 13

/** The beginning of a run's id, which `playtrail show` takes for the whole. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_CHARACTERS)
}
