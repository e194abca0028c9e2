import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createToken } from '../../server/access.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { post, runningService } from '../support/service.ts'

test("whoever has a reader's token can export, and a sender cannot", async (t) => {
  const service = await runningService(t)
  const token = (role: 'sender' | 'reader'): string =>
    `Bearer ${createToken(service.folder.tokens, role, role, new Date())}`
  const [sender, reader] = [token('sender'), token('reader')]
  const event = resultEvent(runId(), 0)
  await post(service, ndjson([event]), { authorization: sender })
  const exported = async (authorization: string): Promise<{ status: number; text: string }> => {
    const headers = { accept: 'application/x-ndjson', authorization }
    const response = await fetch(`${service.url}/v1/events?action=host.result`, { headers })
    return { status: response.status, text: await response.text() }
  }
  assert.equal((await exported(sender)).status, 403)
  const text = await eventually(async () => {
    const answer = await exported(reader)
    assert.equal(answer.status, 200)
    return answer.text === '' ? undefined : answer.text
  })
  assert.equal(JSON.parse(text).event.id, event.event.id)
})
