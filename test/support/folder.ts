import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ending, onEnd } from './cleanup.ts'

/** A new, empty folder that is removed when the test ends. */
export function temporaryFolder(t: Ending): string {
  const path = mkdtempSync(join(tmpdir(), 'playtrail-test-'))
  onEnd(t, () => rmSync(path, { recursive: true, force: true }))
  return path
}
