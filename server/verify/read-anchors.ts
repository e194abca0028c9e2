import { type Remembered, readRemembered } from '../anchors/remembered.ts'
import type { Findings } from './findings.ts'

/**
 * What the service noted of its anchors. Where that cannot be read it is a note: it proves nothing anyway. But an anchor that did not
 * agree with the log is a finding, which whoever looks at the folder alone would not see: this history is at one with itself.
 */
export async function readAnchors(path: string, findings: Findings, notes: string[]): Promise<Remembered[]> {
  try {
    const anchors = await readRemembered(path)
    for (const { kind, target, contradiction } of anchors) {
      if (contradiction !== undefined)
        findings.add({
          part: 'anchor',
          message: `the ${kind} ${target} does not agree with this log, as the service noted: ${contradiction}`,
          file: path
        })
    }
    return anchors
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    notes.push(`what the service noted of its anchors cannot be read: ${reason}`)
    return []
  }
}
