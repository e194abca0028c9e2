import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../client/client.ts'
import { startApi } from './api.ts'
import { aRun, numberedRun, RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

type Comparison = Answer<'GET /v1/compare'>

const OTHER = numberedRun(7)
const none = { items: [], more: 0 }
const task = { key: 'k', name: 'Restart nginx', role: 'nginx' }

function comparison(changes: Partial<Comparison> = {}): Comparison {
  const { '@timestamp': time, run, event, user } = aRun() as Comparison['a']
  const side = { '@timestamp': time, run, event, ...(user && { user }) }
  return {
    a: side,
    b: { ...side, run: { ...run, id: OTHER.run.id, status: 'success' }, user: { name: 'bob' } },
    playbook: 'same',
    differences: [],
    hosts: { only_a: none, only_b: none },
    tasks: { only_a: none, only_b: none, durations: none },
    results: none,
    ...changes
  }
}

async function compare(t: Parameters<typeof startApi>[0], answer: Comparison, ...more: string[]) {
  const { url, asked } = await startApi(t, { runs: [aRun(), OTHER], documents: { '/v1/compare': answer } })
  return { ...(await playtrail(['compare', 'last', OTHER.run.id, '--url', url, ...more])), asked }
}

test('two runs stand side by side, and below them what differs', async (t) => {
  const { stdout, stderr, exitCode, asked } = await compare(
    t,
    comparison({
      differences: [
        { field: 'run.status', a: 'failed', b: 'success' },
        { field: 'ansible.cli.tags', a: ['web', 'db'] },
        { field: 'event.duration', a: 123e9, b: 4e9 },
        { field: 'labels', a: { team: 'web' }, b: {} }
      ],
      hosts: { only_a: none, only_b: { items: [{ host: { name: 'web-09' } }], more: 0 } },
      tasks: {
        only_a: { items: [{ ansible: { task } }], more: 3 },
        only_b: none,
        durations: { items: [{ ansible: { task }, a: 1e9, b: 2.5e9, ratio: 2.5 }], more: 0 }
      },
      results: {
        items: [
          {
            host: { name: 'web-08' },
            ansible: { task },
            a: { status: 'failed', ignored: true, sequence: 7 },
            b: { status: 'ok', sequence: 9 }
          },
          { host: { name: 'web-07' }, ansible: { task: { name: 'Check' } }, a: { status: 'ok', sequence: 3 } }
        ],
        more: 12
      }
    })
  )
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.deepEqual(Object.fromEntries(asked.at(-1)?.searchParams ?? []), { a: RUN_ID, b: OTHER.run.id })
  assert.equal(
    stdout,
    `   STARTED        STATUS   PLAYBOOK  USER   ID
A  3 minutes ago  failed   site.yml  alice  019a5344-9e0b
B  3 minutes ago  success  site.yml  bob    019a5344-0007

Playbooks: the same

What they were, and were asked
FIELD             A               B
run.status        failed          success
ansible.cli.tags  web, db         –
event.duration    2 min 3 s       4.0 s
labels            {"team":"web"}  {}

Results
HOST    TASK                   A                 B
web-08  nginx : Restart nginx  failed (ignored)  ok
web-07  Check                  ok                none
  … and 12 more

Durations of tasks
TASK                       A      B  B ÷ A
nginx : Restart nginx  1.0 s  2.5 s   2.5×

Hosts of B alone
  web-09

Tasks of A alone
  nginx : Restart nginx
  … and 3 more
`
  )
})

test('two runs that do not differ say so', async (t) => {
  const { stdout } = await compare(t, comparison({ playbook: 'same_name' }))
  assert.match(stdout, /Playbooks: of the same name, in another place .*\n\nThey do not differ\.\n$/)
})

test('a comparison as JSON is the document of the API', async (t) => {
  const { stdout } = await compare(t, comparison(), '--json')
  assert.deepEqual(JSON.parse(stdout), comparison())
})

test('what was named by somebody else cannot drive the terminal', async (t) => {
  const name = 'x\x1b[2J\nfake'
  const { stdout } = await compare(
    t,
    comparison({
      differences: [{ field: 'labels', a: name, b: { name } }],
      hosts: { only_a: { items: [{ host: { name } }], more: 0 }, only_b: none }
    })
  )
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
  assert.doesNotMatch(stdout, /^fake/m)
})

test('a run that is not there is refused before anything is compared', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()] })
  const { exitCode, stderr } = await playtrail(['compare', 'last', OTHER.run.id, '--url', url])
  assert.equal(exitCode, 1)
  assert.match(stderr, /^playtrail: No such run/)
  assert.equal(asked.length, 2)
})
