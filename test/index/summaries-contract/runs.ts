import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../server/ask/query/parse.ts'
import type { RunFilter } from '../../../server/index/summaries.ts'
import { batchOf, type RunOfEvents, runOfEvents } from '../fixtures.ts'
import { finished, MONDAY, type OpenSummaries, percentiles, START } from './build.ts'

export function testRuns(open: OpenSummaries): void {
  test('a playbook is told by its runs: how they ended, how long they took, and week by week', async (t) => {
    const store = await open(t)
    // The last millisecond of a week, the first of the next one, and three days later.
    const sunday = Date.UTC(2026, 10, 1, 23, 59, 59, 999)
    const starts = [sunday, sunday + 1, START, START + 1]
    const runs = starts.map((ms, which) => runOfEvents(ms, { which, user: which === 3 ? 'bob' : 'alice' }))
    const [old, next, young, latest] = runs as [RunOfEvents, RunOfEvents, RunOfEvents, RunOfEvents]
    const other = runOfEvents(START, { which: 9, name: 'deploy.yml' })
    await store.write(
      batchOf([
        old.started(),
        finished(old, 'success', 1_000_000_000),
        next.started(),
        finished(next, 'failed', 3_000_000_000),
        young.started(),
        // Nobody measured it: it took a second by the events' times.
        young.aborted(),
        latest.started(),
        other.started()
      ])
    )
    const none = { success: 0, changed: 0, failed: 0, unreachable: 0, aborted: 0, running: 0 }
    const week = percentiles(3_000_000_000, 1_000_000_000)
    const playbooks = await store.playbooks({})
    assert.equal(playbooks.length, 2)
    assert.deepEqual(
      playbooks.find(({ run }) => run.name === 'site.yml'),
      {
        run: { name: 'site.yml' },
        runs: { ...none, success: 1, failed: 1, aborted: 1, running: 1 },
        failure_rate: 2 / 3,
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.001Z',
          run: { id: latest.id, name: 'site.yml', status: 'running' },
          user: { name: 'bob' }
        },
        last_success: {
          '@timestamp': '2026-11-01T23:59:59.999Z',
          run: { id: old.id, name: 'site.yml', status: 'success' },
          user: { name: 'alice' }
        },
        duration: percentiles(1_000_000_000, 3_000_000_000, 1_000_000_000),
        weeks: [
          {
            '@timestamp': '2026-10-26T00:00:00.000Z',
            runs: 1,
            failed: 0,
            duration: percentiles(1_000_000_000)
          },
          { '@timestamp': MONDAY, runs: 3, failed: 2, duration: week }
        ]
      }
    )
    assert.deepEqual(
      playbooks.find(({ run }) => run.name === 'deploy.yml'),
      {
        run: { name: 'deploy.yml' },
        runs: { ...none, running: 1 },
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.000Z',
          run: { id: other.id, name: 'deploy.yml', status: 'running' },
          user: { name: 'alice' }
        },
        weeks: [{ '@timestamp': MONDAY, runs: 1, failed: 0 }]
      }
    )
  })

  test('playbooks and users are summed up of the runs that pass the filter alone', async (t) => {
    const store = await open(t)
    const site = runOfEvents(START)
    const deploy = runOfEvents(START + 1, { which: 1, name: 'deploy.yml', user: 'bob' })
    await store.write(
      batchOf([
        site.started({ labels: { team: 'web' } }),
        site.result('web-1', 'ok'),
        site.finished('success'),
        deploy.started(),
        deploy.result('db-1', 'failed')
      ])
    )
    const [ofSite, ofDeploy] = [['site.yml'], ['deploy.yml']]
    const asked: [RunFilter, string[]][] = [
      [{ playbook: '*/site.yml' }, ofSite],
      [{ playbook: 'd*' }, ofDeploy],
      [{ host: 'web-*' }, ofSite],
      [{ user: 'bob' }, ofDeploy],
      [{ status: 'success' }, ofSite],
      [{ fromMs: START + 0.5 }, ofDeploy],
      [{ toMs: START + 1 }, ofSite],
      [{ matching: parseQuery('labels.team:web', 0, 'runs') }, ofSite],
      [{ matching: parseQuery('host:db-1', 0, 'runs'), status: 'success' }, []]
    ]
    for (const [filter, expected] of asked) {
      const playbooks = await store.playbooks(filter)
      const users = await store.users(filter)
      assert.deepEqual(
        playbooks.map(({ run }) => run.name),
        expected,
        JSON.stringify(filter)
      )
      assert.deepEqual(
        users.map(({ user }) => user.name),
        expected.map((name) => (name === 'site.yml' ? 'alice' : 'bob')),
        JSON.stringify(filter)
      )
    }
  })

  test('a user is told by the runs that she started, also before their start has arrived', async (t) => {
    const store = await open(t)
    const runs = ['site.yml', 'site.yml', 'deploy.yml'].map((name, which) =>
      runOfEvents(START + which, { which, name })
    )
    const [one, two, three] = runs as [RunOfEvents, RunOfEvents, RunOfEvents]
    await store.write(
      batchOf([one.started(), one.finished('changed'), two.result('web-1', 'ok'), three.aborted()])
    )
    assert.deepEqual(await store.users({}), [
      {
        user: { name: 'alice' },
        runs: { running: 1, success: 0, changed: 1, failed: 0, unreachable: 0, aborted: 1 },
        failure_rate: 1 / 2,
        playbooks: 2,
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.002Z',
          run: { id: three.id, name: 'deploy.yml', status: 'aborted' },
          user: { name: 'alice' }
        }
      }
    ])
  })
}
