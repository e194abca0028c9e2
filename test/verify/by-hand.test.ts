import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import type { EventProof } from '../../server/seal/event-proof.ts'
import { proveFromFolder } from '../../server/verify/make-proof.ts'
import { eventsOfRuns } from '../index/reconcile-world.ts'
import { temporaryFolder } from '../support/folder.ts'
import { makeEvidence } from './world.ts'

const page = readFileSync(new URL('../../docs/evidence.md', import.meta.url), 'utf8')

function blocksOf(language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text)
}

/** Runs a block of the page in a folder that has what the page says it needs. */
function by(
  program: string,
  block: string | undefined,
  cwd: string
): { status: number | null; said: string } {
  assert.ok(block !== undefined)
  const args = program === 'bash' ? ['-euo', 'pipefail', '-c'] : ['-c']
  const { status, stdout, stderr, error } = spawnSync(program, [...args, block], { cwd, encoding: 'utf8' })
  assert.equal(error, undefined)
  return { status, said: stdout + stderr }
}

test('with OpenSSL and Python alone, as docs/evidence.md says, an event is proved, and a changed one is not', async (t) => {
  const { folder, vkey } = await makeEvidence(t)
  const cwd = temporaryFolder(t)
  cpSync(join(folder.logFolder, 'checkpoint'), join(cwd, 'checkpoint'))
  cpSync(vkey, join(cwd, 'known.vkey'))
  const [signature, content] = blocksOf('sh')
  const [inclusion] = blocksOf('python')
  assert.match(by('bash', signature, cwd).said, /Signature Verified Successfully/)

  const id = eventsOfRuns(50, 6)[300]?.event.id ?? ''
  const proof = await proveFromFolder(openDataFolder(folder.path), id)
  assert.ok(proof)
  const write = (changed: Partial<EventProof>): void =>
    writeFileSync(join(cwd, 'event.json'), JSON.stringify({ ...proof, ...changed }))
  write({})
  assert.match(by('bash', content, cwd).said, /the content is what the leaf is committed to/)
  rmSync(join(cwd, 'checkpoint'))
  assert.match(by('python3', inclusion, cwd).said, /^the leaf is in the log/)
  assert.match(by('bash', signature, cwd).said, /Signature Verified Successfully/)

  write({ content: proof.content.replace('web', 'wob') })
  assert.notEqual(by('bash', content, cwd).status, 0)
  write({ leaf: proof.leaf.replace('control-1', 'control-2') })
  assert.notEqual(by('python3', inclusion, cwd).status, 0)
  writeFileSync(join(cwd, 'checkpoint'), readFileSync(join(cwd, 'checkpoint'), 'utf8').replace('640', '641'))
  assert.notEqual(by('bash', signature, cwd).status, 0)
})
