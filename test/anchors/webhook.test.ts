import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { get } from '../support/service.ts'
import { type Fault, faultyDoor } from './faulty-door.ts'
import { anchoredService, anchorOnce, type LogLine, sealedSize, send, vkeysIn } from './world.ts'

const sizesOf = (seen: readonly { body: string }[]): number[] =>
  seen.map(({ body }) => Number(body.split('\n')[1]))

test('a webhook gets each newest checkpoint, signed, and again while nothing happens', async (t) => {
  const dataDir = temporaryFolder(t)
  const door = await faultyDoor(t)
  const service = await anchoredService(t, { dataDir, anchorWebhook: `${door.url}/hooks/secret` })
  await send(service, 300)
  const size = await sealedSize(service)
  await eventually(async () => sizesOf(door.seen).filter((each) => each === size).length >= 2 || undefined)
  for (const { body, path, authorization } of door.seen) {
    openCheckpoint(Buffer.from(body), vkeysIn(dataDir))
    assert.deepEqual([path, authorization], ['/hooks/secret', undefined])
  }
  const { anchor, status } = await anchorOnce(service, (each) => each.size === size)
  assert.deepEqual([status, anchor.kind, anchor.target], ['ready', 'webhook', door.url])
})

test('what a webhook fails with, before it has the checkpoint or after, is shown and tried again', async (t) => {
  const dataDir = temporaryFolder(t)
  const door = await faultyDoor(t)
  const lines: LogLine[] = []
  const service = await anchoredService(t, { dataDir, anchorWebhook: `${door.url}/hook` }, lines)
  const faults: [Fault, RegExp][] = [
    ['fails before', /expected 2xx, it answered 500: out of order/],
    ['fails after', /expected 2xx, it answered 502/],
    ['cuts before', /other side closed|ECONNRESET|socket hang up/],
    ['cuts after', /other side closed|ECONNRESET|socket hang up/],
    ['redirects', /expected 2xx, it answered 302/]
  ]
  for (const [fault, message] of faults) {
    door.fault = fault
    await send(service, 10)
    const size = await sealedSize(service)
    const { status } = await anchorOnce(service, ({ error }) => message.test(error ?? ''))
    assert.equal(status, 'anchor_failing', fault)
    door.fault = 'none'
    await anchorOnce(service, (anchor) => anchor.error === undefined && anchor.size === size)
  }
  // Once for each change, however often it was tried.
  assert.equal(lines.filter(({ msg }) => msg.includes('did not take')).length, faults.length)
  const { body } = await get(service, '/metrics')
  const [, failures] = /^playtrail_anchor_failures_total\{anchor="webhook:[^"]+"\} (\d+)$/m.exec(body) ?? []
  assert.ok(Number(failures) >= faults.length)
})

test('a webhook whose answer has no end, or that never answers, holds up no other anchor and no stop', async (t) => {
  const dataDir = temporaryFolder(t)
  const [hanging, endless, good] = [await faultyDoor(t), await faultyDoor(t), await faultyDoor(t)]
  hanging.fault = 'hangs'
  endless.fault = 'never ends'
  const anchorWebhook = [hanging, endless, good].map(({ url }) => `${url}/hook`).join('\n')
  const service = await anchoredService(t, { dataDir, anchorWebhook })
  await send(service, 10)
  const size = await sealedSize(service)
  await eventually(async () => sizesOf(good.seen).includes(size) || undefined)
  const { body } = await get(service, '/readyz')
  // It said 200, and nobody wants to know more.
  assert.deepEqual(
    [body.anchors[0].size, body.anchors[1].size, body.anchors[2].size],
    [undefined, size, size]
  )
  const stopped = performance.now()
  await service.stop()
  assert.ok(performance.now() - stopped < 5_000)
})

test('a webhook gets the token of the file, a new one without a restart', async (t) => {
  const [dataDir, secrets] = [temporaryFolder(t), temporaryFolder(t)]
  const tokenFile = join(secrets, 'token')
  writeFileSync(tokenFile, 'first\n')
  const door = await faultyDoor(t)
  const lines: LogLine[] = []
  const flags = { dataDir, anchorWebhook: `${door.url}/hook`, anchorWebhookTokenFile: tokenFile }
  const service = await anchoredService(t, flags, lines)
  const seenWith = async (token: string): Promise<void> => {
    await eventually(
      async () => door.seen.some(({ authorization }) => authorization === `Bearer ${token}`) || undefined
    )
  }
  await seenWith('first')
  writeFileSync(tokenFile, 'second')
  await seenWith('second')
  rmSync(tokenFile)
  await anchorOnce(
    service,
    ({ error }) => error?.includes(`${tokenFile} with the token of the webhooks does not exist`) === true
  )
  writeFileSync(tokenFile, 'third')
  await seenWith('third')
  assert.doesNotMatch(JSON.stringify(lines), /first|second|third/)
})

for (const fault of ['fails before', 'repeats the path'] as const) {
  test(`neither /readyz, nor metrics, nor the log, nor what is remembered shows the path of a webhook that ${fault}`, async (t) => {
    const dataDir = temporaryFolder(t)
    const door = await faultyDoor(t)
    door.fault = fault
    const lines: LogLine[] = []
    const anchorWebhook = `${door.url}/services/T0/s3cr3t?key=%C3%A4s3cr3t\n${door.url}/services/other/s3cr3t`
    const service = await anchoredService(t, { dataDir, anchorWebhook }, lines)
    await anchorOnce(service, ({ error }) => error !== undefined)
    const ready = await get(service, '/readyz')
    assert.deepEqual(
      ready.body.anchors.map(({ target }: { target: string }) => target),
      [door.url, `${door.url} (2)`]
    )
    const metrics = await get(service, '/metrics')
    await service.stop()
    const shown = [JSON.stringify(ready.body), metrics.body, JSON.stringify(lines)]
    for (const text of [...shown, readFileSync(join(dataDir, 'anchors.json'), 'utf8')])
      assert.doesNotMatch(text, /s3cr3t/)
  })
}

test('a webhook that was refused, as nobody listens there, is named by the reason', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await anchoredService(t, { dataDir, anchorWebhook: 'http://127.0.0.1:1/' })
  const { anchor } = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.match(anchor.error ?? '', /ECONNREFUSED|bad port/)
})
