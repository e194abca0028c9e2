import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/folder.ts'

export const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

/** What is typed, and what is offered for its last word. */
export const table: [line: string, offered: string[]][] = [
  ['playtrail ru', ['runs']],
  ['playtrail runs --st', ['--status']],
  ['playtrail runs --status su', ['success']],
  ['playtrail --version runs --status a', ['aborted']],
  ['playtrail token cr', ['create']],
  ['playtrail token create --ro', ['--role']],
  ['playtrail token create --role s', ['sender']],
  ['playtrail completion f', ['fish']],
  ['playtrail runs --user token c', []],
  ['playtrail frobnicate --st', []]
]

/** A file that holds what the program prints. */
export function scriptOf(t: TestContext, shell: string): string {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'completion', shell], { encoding: 'utf8' })
  assert.equal(status, 0)
  const path = join(temporaryFolder(t), `playtrail.${shell}`)
  writeFileSync(path, stdout)
  return path
}
