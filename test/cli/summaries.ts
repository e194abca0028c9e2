import type { Answer, Item } from '../../client/client.ts'
import { aRun, RUN_ID } from './documents.ts'

const alice = { name: 'alice' }
const run = { id: RUN_ID, name: 'site.yml' }
const noRuns = { running: 0, success: 0, changed: 0, failed: 0, unreachable: 0, aborted: 0 }
const noResults = { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }

export function aHost(changes: Partial<Item<'GET /v1/hosts'>> = {}): Item<'GET /v1/hosts'> {
  return {
    host: { name: 'web-07' },
    results: { ...noResults, ok: 12, changed: 3, failed: 1 },
    runs: 4,
    last_run: { '@timestamp': '2026-11-05T09:30:10Z', run, user: alice },
    last_change: { '@timestamp': '2026-11-05T09:30:05Z', run, user: alice },
    last_failure: { '@timestamp': '2026-10-20T10:00:00Z', run: { id: RUN_ID }, user: { name: 'bob' } },
    ...changes
  }
}

export function theHost(): Answer<'GET /v1/hosts/{name}'> {
  const { last_run, last_change, last_failure, ...rest } = aHost()
  const document = aRun({
    vcs: { branch: 'main', commit: '0a1b2c3d4e5f60718293', url: 'https://git.example/shop.git' },
    ci: { provider: 'gitlab', job_url: 'https://ci.example/jobs/17' }
  })
  return {
    ...rest,
    last_run: { ...last_run, document },
    ...(last_change && { last_change: { ...last_change, document } }),
    ...(last_failure && { last_failure })
  }
}

export function aPlaybook(changes: Partial<Item<'GET /v1/playbooks'>> = {}): Item<'GET /v1/playbooks'> {
  const last = {
    '@timestamp': '2026-11-05T09:30:00Z',
    run: { ...run, status: 'failed' as const },
    user: alice
  }
  return {
    run: { name: 'site.yml' },
    runs: { ...noRuns, changed: 20, failed: 4, aborted: 1 },
    failure_rate: 0.2,
    last_run: last,
    last_success: { ...last, '@timestamp': '2026-11-04T09:30:00Z', run: { ...run, status: 'changed' } },
    duration: { p50: 60e9, p95: 120e9 },
    weeks: [10, 12, 11, 22].map((seconds, week) => ({
      '@timestamp': new Date(Date.UTC(2026, 9, 12 + week * 7)).toISOString(),
      runs: 5,
      failed: 1,
      duration: { p50: seconds * 0.5e9, p95: seconds * 1e9 }
    })),
    ...changes
  }
}

export function aTask(name: string, p95s: readonly number[]): Item<'GET /v1/tasks'> {
  return {
    ansible: { task: { key: name.padEnd(40, '0'), name, role: 'nginx' } },
    results: { ...noResults, ok: 90, changed: 5, failed: 5 },
    flaky: 2,
    failure_rate: 0.05,
    change_rate: 0.05,
    flake_rate: 0.02,
    duration: { p50: 1e9, p95: 2e9 },
    last_result: { '@timestamp': '2026-11-05T09:33:00Z', run, user: alice },
    weeks: p95s.map((p95, week) => ({
      '@timestamp': new Date(Date.UTC(2026, 9, 12 + week * 7)).toISOString(),
      results: 10,
      changed: 1,
      failed: 1,
      duration: { p50: p95 * 5e8, p95: p95 * 1e9 }
    }))
  }
}

export function aUser(): Item<'GET /v1/users'> {
  return {
    user: alice,
    runs: { ...noRuns, success: 8, failed: 2 },
    failure_rate: 0.2,
    playbooks: 3,
    last_run: { '@timestamp': '2026-11-05T09:30:00Z', run: { ...run, status: 'success' }, user: alice }
  }
}
