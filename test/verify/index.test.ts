import assert from 'node:assert/strict'
import { statSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import { verifyIndex } from '../../server/cli/verify-index.ts'
import { readConfig } from '../../server/config.ts'
import { Findings } from '../../server/verify/findings.ts'
import { index, makeEvidence, SIZE } from './world.ts'

test('an index whose last page was cut off is bad evidence, though no document lay there', async (t) => {
  const { folder } = await makeEvidence(t)
  await index(folder)
  const config = readConfig({ dataDir: folder.path, store: 'sqlite' }, {})
  const check = async (): Promise<Findings> => {
    const findings = new Findings()
    const progress = { show: () => undefined, clear: async () => undefined }
    await verifyIndex({ config, folder, size: SIZE }, findings, progress)
    return findings
  }
  assert.deepEqual((await check()).first, [])
  const { size } = statSync(folder.index)
  truncateSync(folder.index, size - 1)
  const [first] = (await check()).first
  assert.deepEqual([first?.file, first?.byte], [folder.index, size - 1])
  assert.match(first?.message ?? '', /its end was cut off/)
})
