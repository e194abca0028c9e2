import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'
import { anEvent, aRun, eventsOfRun, numberedRun, RUN_ID, resultOf } from './documents.ts'
import { playtrail } from './world.ts'

const play = { id: 'p1', batch: 1 }

test('a run is shown from its head to its recap, in the way of Ansible', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()], events: eventsOfRun() })
  const { stdout, exitCode, stderr } = await playtrail(['show', RUN_ID.slice(0, 13), '--url', url])
  assert.deepEqual([exitCode, stderr], [0, ''])
  const [head = '', ...blocks] = stdout.replaceAll(/ \*+\n/g, '\n').split('\n\n')
  assert.equal(
    head.replace(/(Started +)\S+/, '$1<local time>'),
    `/srv/ansible/site.yml
  Run         ${RUN_ID}
  Status      failed
  Started     <local time> (3 minutes ago)
  Duration    2 min 3 s
  User        alice (known by the kernel’s login uid), acting as root
  From        192.0.2.10 → controller control-1 in /srv/ansible
  Hosts       2 hosts: changed 1 · failed 1
  Ansible     2.21.5
  Tags        web
  Skip tags   slow
  Limit       web-*
  Inventory   hosts.ini
  Extra vars  release (values are never recorded)
  Labels      team=platform`
  )
  assert.deepEqual(blocks, [
    'PLAY [Web servers]',
    `TASK [nginx : Install the configuration]
changed: [web-07]
    /etc/nginx.conf
    --- before
    +++ after
    @@ -1 +1 @@
    -worker_processes 1;
    +worker_processes 4;
skipped: [web-08] (when: nginx_enabled)`,
    `RUNNING HANDLER [nginx : Restart nginx]
/srv/ansible/roles/nginx/tasks/main.yml:20
ok: [web-07] (3 items: 1 ok, 2 changed)
failed: [web-08] rc=1 => unit not found
    stderr:
        no nginx
        at all`,
    `PLAY RECAP
web-07 : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
web-08 : ok=0    changed=0    unreachable=0    failed=1    skipped=1    rescued=0    ignored=0
`
  ])
  assert.equal(asked[1]?.search, `?run=${RUN_ID}&sort=%40timestamp&heartbeats=false&limit=1000`)
})

test('the newest run is called last', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun(), numberedRun(1)], events: [] })
  assert.match((await playtrail(['show', 'last', '--url', url])).stdout, new RegExp(RUN_ID))
  assert.equal(asked[0]?.search, '?limit=1')
})

test('before the first run, last is refused in words', async (t) => {
  const { url } = await startApi(t, {})
  const { exitCode, stderr } = await playtrail(['show', 'last', '--url', url])
  assert.equal(exitCode, 1)
  assert.match(stderr, /^playtrail: There is no run yet\.\n/)
})

test('what cannot be an id is a mistake in the call, and never asked for', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()] })
  for (const name of ['site.yml', '019a', '../events', `${RUN_ID}0`]) {
    const { exitCode, stderr } = await playtrail(['show', name, '--url', url])
    assert.equal(exitCode, 2)
    assert.match(stderr, /Expected the id of a run, its first 8 characters or more, or last/)
  }
  assert.equal(asked.length, 0)
})

test('an id in capitals is the same id', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()], events: [] })
  assert.equal((await playtrail(['show', RUN_ID.toUpperCase(), '--url', url])).exitCode, 0)
})

test('a run that is not at its end, or came to none, says so', async (t) => {
  const { start } = aRun().event
  const running = aRun({ run: { id: RUN_ID, status: 'running' }, event: { start } })
  const first = await startApi(t, { runs: [running], events: [] })
  const shown = (await playtrail(['show', RUN_ID, '--url', first.url])).stdout
  assert.match(shown, /Status +running: it has not ended yet, more may follow\n/)
  assert.match(shown, /Duration +3 min 30 s so far\n/)
  const aborted = aRun({ run: { id: RUN_ID, status: 'aborted' }, event: { start } })
  const second = await startApi(t, { runs: [aborted], events: [] })
  assert.match(
    (await playtrail(['show', RUN_ID, '--url', second.url])).stdout,
    /aborted: its process ended before/
  )
})

test('an aborted run says why, in words', async (t) => {
  const reasons = {
    interrupted: 'aborted: interrupted by Ctrl-C\n  Started',
    error: 'aborted: ended by an error\n  Why         Because.\n  Started',
    killed: 'aborted: killed\n  Why         Because.\n  Started',
    silent: 'aborted: fell silent\n  Why         Because.\n  Started'
  } as const
  for (const [reason, words] of Object.entries(reasons) as [keyof typeof reasons, string][]) {
    const run = aRun({ run: { id: RUN_ID, status: 'aborted', reason }, error: { message: 'Because.' } })
    const { url } = await startApi(t, { runs: [run], events: [] })
    const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
    assert.ok(stdout.includes(`Status      ${words}`), stdout)
  }
})

test('a run that was taken for silent and was heard of again says so', async (t) => {
  const shown = async (silences: number, reason?: 'silent') => {
    const run = { id: RUN_ID, status: 'aborted' as const, ...(reason && { reason }) }
    const { url } = await startApi(t, {
      runs: [aRun({ run, playtrail: { ...aRun().playtrail, silences } })],
      events: []
    })
    return (await playtrail(['show', RUN_ID, '--url', url])).stdout
  }
  assert.match(await shown(1), /^ {2}Silent {6}1 time, and was heard of again$/m)
  assert.doesNotMatch(await shown(0), /Silent/)
  assert.doesNotMatch(await shown(1, 'silent'), /Silent/)
})

test('where a run came from is told: commit, CI job, AWX job, Semaphore', async (t) => {
  const run = aRun({
    user: { name: 'alice', origin: 'semaphore' },
    vcs: { branch: 'main', commit: `0a1b2c3d4e5f${'6'.repeat(28)}`, url: 'https://git.example/shop.git' },
    ci: { provider: 'gitlab', job_url: 'https://ci.example/jobs/17', actor: 'alice' },
    awx: { job_id: '42', job_template: 'Deploy', user: 'alice', schedule: 'nightly' }
  })
  const bare = aRun({
    vcs: { commit: 'a'.repeat(40) },
    ci: { provider: 'jenkins', run_id: '9' },
    awx: { job_id: '7' }
  })
  const shown = async (one: typeof run) => {
    const { url } = await startApi(t, { runs: [one], events: [] })
    return (await playtrail(['show', RUN_ID, '--url', url])).stdout
  }
  const whole = await shown(run)
  assert.match(whole, /^ {2}User {8}alice \(as Semaphore says\)$/m)
  assert.match(whole, /^ {2}CI job {6}gitlab https:\/\/ci\.example\/jobs\/17, started by alice$/m)
  assert.match(whole, /^ {2}AWX job {5}42 \(Deploy\), launched by alice, schedule nightly$/m)
  assert.match(whole, /^ {2}Git {9}main@0a1b2c3d4e5f of https:\/\/git\.example\/shop\.git$/m)
  const less = await shown(bare)
  assert.match(less, /^ {2}CI job {6}jenkins 9$/m)
  assert.match(less, /^ {2}AWX job {5}7$/m)
  assert.match(less, /^ {2}Git {9}a{12}$/m)
})

test('a gap in the trail is seen, and so is what the controller dropped', async (t) => {
  const events = eventsOfRun().filter(({ event }) => event.sequence !== 4 && event.sequence !== 6)
  events.push(
    anEvent(0, 'run.heartbeat', { provider: 'shipper' }),
    anEvent(1, 'spool.dropped', {
      provider: 'shipper',
      spool: { reason: 'size', events: 2, bytes: 9, sequences: ['11-12'] }
    }),
    anEvent(13, 'run.aborted', {
      run: { id: RUN_ID, status: 'aborted', reason: 'error', events: 18, lost: 1 }
    }),
    resultOf(
      14,
      'web-07',
      { id: 't2', occurrence: 1, name: 'Restart nginx' },
      { status: 'ok' },
      { redacted: 2 }
    )
  )
  const { url } = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
  assert.match(stdout, /\nok: \[web-07\] \(2 secrets redacted\)\n/)
  assert.ok(
    stdout.endsWith(`
The trail has gaps: 5 events of this run are not here (yet): 4, 6, 15–17.
The callback could not write down 1 event of this run.
The controller dropped 2 events of this run to keep its spool within its limits: 11–12.
2 secrets were redacted before this run was recorded.
`),
    stdout
  )
})

test('a play without hosts says so', async (t) => {
  const events = [
    anEvent(0, 'play.started', { ansible: { play: { ...play, hosts_pattern: 'nowhere' } } }),
    anEvent(1, 'play.no_hosts', { ansible: { play } })
  ]
  const { url } = await startApi(t, { runs: [aRun()], events })
  assert.match(
    (await playtrail(['show', RUN_ID, '--url', url])).stdout,
    /PLAY \[nowhere\] \*+\nskipped: no hosts matched\n$/
  )
})

test('a run as JSON is one object with all its events, however many pages they fill', async (t) => {
  const events = Array.from({ length: 2_100 }, (_, sequence) => anEvent(sequence, 'run.heartbeat'))
  const { url, asked } = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url, '--json'])
  assert.deepEqual(JSON.parse(stdout), { run: aRun(), events })
  assert.equal(asked.length, 1 + 3)
  const empty = await startApi(t, { runs: [aRun()], events: [] })
  assert.deepEqual(
    JSON.parse((await playtrail(['show', RUN_ID, '--url', empty.url, '--json'])).stdout).events,
    []
  )
})

test('a run that is too long to be shown says where the rest is', async (t) => {
  const events = Array.from({ length: 100_001 }, (_, sequence) => anEvent(sequence, 'run.heartbeat'))
  const whole = await startApi(t, { runs: [aRun()], events: events.slice(1) })
  assert.doesNotMatch((await playtrail(['show', RUN_ID, '--url', whole.url])).stdout, /These were the first/)
  const longer = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', longer.url])
  assert.match(
    stdout,
    new RegExp(`first 100000 events\\. All of them: playtrail events --run ${RUN_ID} .* --all\n$`)
  )
})
