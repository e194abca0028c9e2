import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Completeness } from '../../server/cli/completeness.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { ndjson } from '../support/events.ts'
import { get, post, runningService } from '../support/service.ts'
import { answerProblem, startApi } from './api.ts'
import { RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

const HOUR_MS = 3_600_000

function answer(changes: Partial<Completeness> = {}): Completeness {
  return {
    ...{ complete: true, verdict: 'complete' },
    ...{ from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' },
    log: '6f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b',
    runs: {
      ...{ recorded: 5, running: 1 },
      finished: { success: 0, changed: 2, failed: 1, unreachable: 0 },
      aborted: { interrupted: 0, error: 0, killed: 1, silent: 0 }
    },
    service_runs: 1,
    events: { run: 1_234, shipper: 5, server: 0, dropped: 0 },
    ...{ flaws: [], flaws_more: 0, unchecked: [] },
    flaw_counts: {
      ...{ missing: 0, late: 0, doubled: 0, surplus: 0, no_start: 0 },
      ...{ lost: 0, dropped: 0, silent: 0, quarantined: 0 }
    },
    index: { lag: 0, dead_letters: 0 },
    ...changes
  }
}

async function ask(t: Parameters<typeof startApi>[0], found: Completeness, ...more: string[]) {
  const { url, asked } = await startApi(t, { documents: { '/v1/completeness': found } })
  return { ...(await playtrail(['completeness', '--url', url, ...more])), asked }
}

test('a complete list is said to be complete, with what was looked at', async (t) => {
  const { stdout, stderr, exitCode, asked } = await ask(t, answer(), '--from', 'now-7d', '--to', 'now-1h')
  assert.deepEqual(stdout.split('\n'), [
    'Complete: 5 runs started from 2026-11-01T00:00:00.000Z to 2026-12-01T00:00:00.000Z, and nothing of them is missing.',
    'Runs: 5 recorded, 3 finished (2 changed, 1 failed), 1 aborted (1 killed), 1 running',
    'Events: 1234 of the runs, 5 of their shippers, 0 of the server; 0 dropped by senders',
    'Index: 0 records behind the journal, 0 dead letters',
    ''
  ])
  assert.equal(stderr, '')
  assert.equal(exitCode, 0)
  assert.equal(asked[0]?.search, '?from=now-7d&to=now-1h')
})

test('flaws are named with run, who, and the very numbers; the exit code is 1, also where nobody reads on', async (t) => {
  const run = { id: RUN_ID, name: 'site.yml' }
  const by = { user: { name: 'alice' }, observer: { hostname: 'control-1' } }
  const time = '2026-11-05T09:30:00.000Z'
  const flaws: Completeness['flaws'] = [
    {
      ...{ kind: 'missing', run, ...by, count: 'run', events: 4 },
      ranges: [
        { first: 3, last: 3 },
        { first: 17, last: 19 }
      ]
    },
    {
      ...{ kind: 'late', run, count: 'shipper', events: 1, ranges_more: 2 },
      ranges: [{ first: 5, last: 5 }]
    },
    { kind: 'doubled', run, count: 'run', events: 1, ranges: [{ first: 7, last: 7 }] },
    { kind: 'doubled', events: 1, message: 'server:1' },
    { kind: 'surplus', run, said: 10, recorded: 12 },
    { kind: 'no_start', run },
    { kind: 'lost', run, events: 2 },
    { kind: 'dropped', run, events: 3, ranges: [{ first: 1, last: 3 }] },
    { kind: 'silent', run, sender: 'ansible', since: time, is_closed: false },
    { kind: 'silent', run, since: time, is_closed: true },
    {
      ...{ kind: 'quarantined', sender: 'ansible', code: 'event_invalid', events: 2 },
      ...{ since: time, until: time, message: 'run.id: this field is required here, and is missing.' }
    }
  ]
  const counts = { ...answer().flaw_counts, missing: 1, quarantined: 1 }
  const found = answer({ complete: false, verdict: 'incomplete', flaws, flaws_more: 3, flaw_counts: counts })
  const { stdout, stderr, exitCode } = await ask(t, found)
  const lines = stdout.split('\n')
  assert.match(lines[0] ?? '', /^Not complete: 14 flaws in what was recorded from /)
  assert.deepEqual(lines.slice(4), [
    `FLAW  run ${RUN_ID}: 4 events are missing: 3, 17–19 (site.yml, alice@control-1)`,
    `FLAW  run ${RUN_ID}: 1 event of the shipper came after greater numbers: 5, and 2 further ranges (site.yml)`,
    `FLAW  run ${RUN_ID}: 1 number was used again, with other content, which was refused: 7 (site.yml)`,
    'FLAW  the event id server:1 was used again, with other content, which was refused',
    `FLAW  run ${RUN_ID}: it said that it had 10 events, and there are 12 (site.yml)`,
    `FLAW  run ${RUN_ID}: its run.started is not there (site.yml)`,
    `FLAW  run ${RUN_ID}: 2 events could not be written down by the callback (site.yml)`,
    `FLAW  run ${RUN_ID}: its sender dropped 3 events to keep its spool within its limits: 1–3 (site.yml)`,
    `FLAW  run ${RUN_ID}: nothing was heard of it since ${time}, and it still counts as running (site.yml, sender ansible)`,
    `FLAW  run ${RUN_ID}: nothing was heard of it since ${time}, so that the server closed it (site.yml)`,
    `FLAW  2 lines of ansible were refused with event_invalid, from ${time} to ${time}: run.id: this field is required here, and is missing.`,
    'FLAW  … and 3 more',
    `See: playtrail show ${RUN_ID.slice(0, 13)}`,
    'What its controller still has in its spool is sent by: playtrail.py --ship, there (ansible-callback/README.md).',
    'What was refused lies, with its reason, in the folder quarantine/ of the data folder.',
    ''
  ])
  assert.equal(stderr, 'playtrail: the list is not complete: 14 flaws\n')
  assert.equal(exitCode, 1)
  const json = await ask(t, found, '--json')
  assert.deepEqual(JSON.parse(json.stdout), found)
  assert.equal(json.exitCode, 1)
})

test('what could not be checked is no proof, whatever the reason: the exit code is 2', async (t) => {
  const unchecked: Completeness['unchecked'] = [{ reason: 'index_lag', message: 'The index is behind.' }]
  const index = { lag: null, dead_letters: 1 }
  const behind = await ask(t, answer({ complete: false, verdict: 'unchecked', unchecked, index }))
  assert.match(
    behind.stdout,
    /^Could not check .*\n.*\n.*\nIndex: not known how far it is, 1 dead letter\nNOT KNOWN {2}The index is behind\.\n$/
  )
  assert.equal(behind.stderr, 'playtrail: could not check: The index is behind.\n')
  assert.equal(behind.exitCode, 2)

  const nobody = await playtrail(['completeness', '--url', 'http://127.0.0.1:9'])
  assert.match(nobody.stderr, /^playtrail: could not check: /)
  assert.equal(nobody.exitCode, 2)
  for (const code of ['token_missing', 'index_unavailable', 'internal', 'parameter_invalid'] as const) {
    const { url } = await startApi(t, { answer: answerProblem(code, 'It cannot be.') })
    const refused = await playtrail(['completeness', '--url', url])
    assert.equal(refused.exitCode, 2, code)
    assert.match(refused.stderr, /^playtrail: could not check: .*It cannot be\./)
  }
  for (const document of [{}, [], null, { verdict: 'complete' }, { ...answer(), verdict: 'fine' }]) {
    const { url } = await startApi(t, { documents: { '/v1/completeness': document } })
    const other = await playtrail(['completeness', '--url', url, '--json'])
    assert.deepEqual([other.exitCode, other.stdout], [2, ''], JSON.stringify(document))
  }
  // An answer of which this program can make no text.
  const { url: odd } = await startApi(t, {
    documents: { '/v1/completeness': { verdict: 'complete', complete: true, flaws: [] } }
  })
  const defect = await playtrail(['completeness', '--url', odd])
  assert.deepEqual([defect.exitCode, defect.stdout], [2, ''])
  assert.match(
    defect.stderr,
    /^playtrail: could not check: a defect of Playtrail, please report it: TypeError: /
  )
  const unknown = await playtrail(['completeness', '--url', 'nowhere'])
  assert.equal(unknown.exitCode, 2)
})

test('a service is asked whether a run is complete, before and after an event of it is there', async (t) => {
  const service = await runningService(t)
  const complete = async (...more: string[]) =>
    await playtrail(['completeness', '--url', service.url, '--from', 'now-2h', ...more])
  const nothing = await complete('--to', 'now-1h')
  assert.equal(nothing.exitCode, 2)
  assert.match(nothing.stderr, /nothing tells that the service was up from /)

  const run = runOfEvents(Date.now() - HOUR_MS / 2)
  const [started, result] = [run.started(), run.result('web-1', 'ok')]
  const ended = run.finished('success')
  await post(service, ndjson([started, ended]))
  await service.follower.idle()
  const lacking = await complete()
  assert.equal(lacking.exitCode, 1)
  assert.match(lacking.stdout, /: 1 event is missing: 1 \(site\.yml, alice@control-1\)/)
  await post(service, ndjson([result]))
  const late = await complete()
  assert.equal(late.exitCode, 1)
  assert.match(late.stdout, /: 1 event came after greater numbers: 1 \(/)
  assert.equal((await get(service, '/v1/completeness')).body.flaw_counts.late, 1)
})
