import { type Remembered, readRemembered } from '../anchors/remembered.ts'

/** What the service noted of its anchors. Where that cannot be read it is a note: it proves nothing anyway. */
export async function readAnchors(path: string, notes: string[]): Promise<Remembered[]> {
  try {
    return await readRemembered(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    notes.push(`what the service noted of its anchors cannot be read: ${reason}`)
    return []
  }
}
