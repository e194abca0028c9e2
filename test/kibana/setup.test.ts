import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { exitCodes } from '../../server/cli/exit-codes.ts'
import { setupKibanaCommand } from '../../server/cli/setup-kibana.ts'
import { type Ran, run } from '../cli/world.ts'
import { temporaryFolder } from '../support/folder.ts'
import { mistakesIn } from './checker.ts'
import { startKibana } from './kibana-server.ts'
import { committedFile, parseObjects } from './saved.ts'

const KEY = 'aWQ6c2VjcmV0'

test('the dashboards are imported, and their addresses are told', async (t) => {
  const kibana = await startKibana(t)
  const { exitCode, stdout, stderr } = await setup(['--url', kibana.url])
  assert.deepEqual([exitCode, stderr], [exitCodes.done, ''])
  assert.equal(
    stdout,
    `Kibana 9.2.1 took 9 objects: 4 dashboards, 2 data views, 3 saved searches.
Playtrail: Playbook runs   ${kibana.url}/app/dashboards#/view/playtrail-playbook-runs
Playtrail: Hosts           ${kibana.url}/app/dashboards#/view/playtrail-hosts
Playtrail: Tasks           ${kibana.url}/app/dashboards#/view/playtrail-tasks
Playtrail: Audit           ${kibana.url}/app/dashboards#/view/playtrail-audit
`
  )
  assert.deepEqual([...(kibana.spaces.get('default')?.values() ?? [])], parseObjects(committedFile()))
  assert.deepEqual(kibana.asked, ['GET /api/status', 'POST /api/saved_objects/_import?overwrite=true'])
})

test('importing again replaces what is there', async (t) => {
  const kibana = await startKibana(t)
  await setup(['--url', kibana.url])
  const { exitCode, stdout } = await setup(['--url', kibana.url])
  assert.equal(exitCode, exitCodes.done)
  assert.match(stdout, /^Kibana 9\.2\.1 took 9 objects: .*; 9 of them replaced what was there\.\n/)
  assert.equal(kibana.spaces.get('default')?.size, 9)
})

test('they go into the space that is named, and below the path that Kibana has', async (t) => {
  const kibana = await startKibana(t, { basePath: '/kibana' })
  const { exitCode, stdout } = await setup(['--space', 'ops'], { PLAYTRAIL_KIBANA_URL: kibana.url })
  assert.equal(exitCode, exitCodes.done)
  assert.equal(kibana.spaces.get('ops')?.size, 9)
  assert.equal(kibana.spaces.get('default')?.size, 0)
  assert.ok(stdout.includes(`${kibana.url}/s/ops/app/dashboards#/view/playtrail-hosts`))
  assert.equal((await setup(['--url', kibana.url, '--space', 'default'])).exitCode, exitCodes.done)
  assert.equal(kibana.spaces.get('default')?.size, 9)
})

test('links to runs lead to the Playtrail that is named, and nothing else changes', async (t) => {
  const kibana = await startKibana(t)
  const { exitCode } = await setup(['--url', kibana.url, '--playtrail-url', 'https://audit.example.org/$&'])
  assert.equal(exitCode, exitCodes.done)
  const imported = [...(kibana.spaces.get('default')?.values() ?? [])]
  const text = imported.map((object) => `${JSON.stringify(object)}\n`).join('')
  assert.equal(text.split('https://audit.example.org/$&/v1/runs/{{value}}').length, 3)
  assert.equal(text.replaceAll('https://audit.example.org/$&/', 'http://127.0.0.1:8470/'), committedFile())
  assert.deepEqual(mistakesIn(text), [])
})

test('a dry run prints what would be imported, and asks nobody', async (t) => {
  const kibana = await startKibana(t)
  const { exitCode, stdout, stderr } = await setup(['--url', kibana.url, '--dry-run'])
  assert.deepEqual([exitCode, stdout], [exitCodes.done, committedFile()])
  assert.equal(stderr, 'Nothing was sent. Printed: 4 dashboards, 2 data views, 3 saved searches.\n')
  assert.deepEqual(kibana.asked, [])
})

test('with security on it asks for a key, takes the one in the file, and never shows it', async (t) => {
  const kibana = await startKibana(t, { apiKeys: { [KEY]: 'may import', bG9va2Vy: 'may look' } })
  const none = await setup(['--url', kibana.url])
  assert.equal(none.exitCode, exitCodes.refused)
  assert.match(
    none.stderr,
    /^playtrail: Kibana asks who you are: .*\nName a file with an encoded API key in PLAYTRAIL_KIBANA_API_KEY_FILE\./
  )

  const withKey = async (key: string): Promise<Ran> =>
    await setup(['--url', kibana.url], { PLAYTRAIL_KIBANA_API_KEY_FILE: fileWith(t, `${key}\n`) })
  const wrong = await withKey('d3Jvbmc=')
  assert.equal(wrong.exitCode, exitCodes.refused)
  assert.match(
    wrong.stderr,
    /^playtrail: Kibana refuses the API key: \[security_exception\].*\nIt may have expired/
  )
  const looker = await withKey('bG9va2Vy')
  assert.equal(looker.exitCode, exitCodes.refused)
  assert.match(
    looker.stderr,
    /^playtrail: The API key must not import dashboards: Unable to bulk_create .*\n.*Saved Objects Management/
  )
  assert.equal(kibana.spaces.get('default')?.size, 0)

  const right = await withKey(KEY)
  assert.equal(right.exitCode, exitCodes.done)
  for (const { stdout, stderr } of [none, wrong, looker, right])
    assert.doesNotMatch(stdout + stderr, /d3Jvbmc|bG9va2Vy|aWQ6/)
})

test('a key that is not the encoded one is refused before it is sent, and not shown', async (t) => {
  const kibana = await startKibana(t)
  for (const content of ['id:secret', 'two words', '']) {
    const { exitCode, stderr } = await setup(['--url', kibana.url], {
      PLAYTRAIL_KIBANA_API_KEY_FILE: fileWith(t, content)
    })
    assert.equal(exitCode, exitCodes.usage)
    assert.match(stderr, /Expected an encoded API key in the file of PLAYTRAIL_KIBANA_API_KEY_FILE/)
    assert.doesNotMatch(stderr, /secret|words/)
  }
  const lost = await setup(['--url', kibana.url], { PLAYTRAIL_KIBANA_API_KEY_FILE: '/nowhere/key' })
  assert.equal(lost.exitCode, exitCodes.usage)
  assert.match(lost.stderr, /PLAYTRAIL_KIBANA_API_KEY_FILE cannot be read: .*\/nowhere\/key/)
  assert.deepEqual(kibana.asked, [])
})

test('objects that Kibana does not take are named, with the reason', async (t) => {
  const without = await startKibana(t, { types: ['dashboard', 'index-pattern'] })
  const unsupported = await setup(['--url', without.url])
  assert.equal(unsupported.exitCode, exitCodes.refused)
  assert.equal(unsupported.stdout, '')
  assert.match(
    unsupported.stderr,
    /^playtrail: Kibana did not take everything: it took 3; search playtrail-playbook-runs-latest-runs \(Latest runs .*\): this Kibana has no objects of this type;/
  )
  assert.match(
    unsupported.stderr,
    /dashboard playtrail-hosts \(Playtrail: Hosts\): what it refers to is missing: search playtrail-hosts-latest-changes/
  )

  const contested = await startKibana(t, { contested: ['dashboard:playtrail-tasks'] })
  const conflict = await setup(['--url', contested.url])
  assert.equal(conflict.exitCode, exitCodes.refused)
  assert.match(
    conflict.stderr,
    /^playtrail: Kibana did not replace what is there: it took 8; dashboard playtrail-tasks \(Playtrail: Tasks\): another object of this id is in the way\.\nSomebody may be importing at the same time: try again\./
  )
})

test('answers that are errors are told in Kibana’s words, with what to do', async (t) => {
  const table: [status: number, message: string, exitCode: number, stderr: RegExp][] = [
    [
      409,
      'version conflict, required seqNo [1]',
      exitCodes.refused,
      /^playtrail: Kibana did not replace what is there: version conflict, required seqNo \[1\]\.\nSomebody/
    ],
    [
      422,
      'Document "x" belongs to a more recent version of Kibana [8.9.0].',
      exitCodes.refused,
      /^playtrail: This Kibana is older than the dashboards: Document "x" belongs .*\[8\.9\.0\]\.\nThey are written/
    ],
    [
      400,
      'Unexpected end of form',
      exitCodes.refused,
      /^playtrail: Kibana refused the import: Unexpected end of form\.\nKibana’s log/
    ],
    [
      500,
      'An internal server error occurred.',
      exitCodes.refused,
      /^playtrail: Kibana refused the import: An internal server error occurred\.\n/
    ],
    [
      404,
      'Not Found',
      exitCodes.refused,
      /^playtrail: The answer from .* is not one of Kibana: Not Found\.\n.*server\.basePath/
    ]
  ]
  for (const [statusCode, message, exitCode, stderr] of table) {
    const { url } = await startKibana(t, {
      answer: (request, response) => {
        if (request.method === 'GET') response.end('{"version":{"number":"8.19.0"}}')
        else
          request
            .resume()
            .on('end', () => response.writeHead(statusCode).end(JSON.stringify({ statusCode, message })))
      }
    })
    const ran = await setup(['--url', url])
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, ''])
    assert.match(ran.stderr, stderr)
  }
})

test('a space that is not there is said, and one that cannot be is refused', async (t) => {
  const kibana = await startKibana(t)
  const { exitCode, stderr } = await setup(['--url', kibana.url, '--space', 'lab'])
  assert.equal(exitCode, exitCodes.refused)
  assert.match(
    stderr,
    /^playtrail: There is no space lab in this Kibana: Saved object \[space\/lab\] not found\.\n/
  )
  const odd = await setup(['--url', kibana.url, '--space', '../x'])
  assert.equal(odd.exitCode, exitCodes.usage)
  assert.match(odd.stderr, /Expected a space as it stands in Kibana’s addresses/)
})

test('a Kibana that the dashboards are not written for is sent nothing', async (t) => {
  for (const version of ['7.17.28', '8.9.2', '10.0.0']) {
    const kibana = await startKibana(t, { version })
    const { exitCode, stderr } = await setup(['--url', kibana.url])
    assert.equal(exitCode, exitCodes.refused)
    assert.equal(
      stderr,
      `playtrail: This is Kibana ${version}; the dashboards are written for 8.10 and newer 8.x, and 9.x.\nNothing was imported.\n`
    )
    assert.deepEqual(kibana.asked, ['GET /api/status'])
  }
  for (const version of ['8.10.0', '8.19.8', '9.0.0', '9.4.0-SNAPSHOT']) {
    const kibana = await startKibana(t, { version })
    assert.equal((await setup(['--url', kibana.url])).exitCode, exitCodes.done, version)
  }
})

test('a Kibana that cannot be reached, or is not ready, may be tried again', async (t) => {
  const port = await freePort()
  const nobody = await setup(['--url', `http://127.0.0.1:${port}`])
  assert.equal(nobody.exitCode, exitCodes.unreachable)
  assert.match(
    nobody.stderr,
    /^playtrail: Kibana at http:\/\/127\.0\.0\.1:\d+\/ cannot be reached: nobody listens there\.\n/
  )

  const starting = await startKibana(t, { isReady: false })
  const early = await setup(['--url', starting.url])
  assert.equal(early.exitCode, exitCodes.unreachable)
  assert.match(
    early.stderr,
    /is starting, or waits for Elasticsearch: it is not ready yet\.\nTry again in a minute\./
  )

  const cutting = await startKibana(t, { answer: (_, response) => response.destroy() })
  const cut = await setup(['--url', cutting.url])
  assert.equal(cut.exitCode, exitCodes.unreachable)
  assert.match(cut.stderr, /cannot be reached: the connection was cut\./)
})

test('what is not Kibana is recognised', async (t) => {
  const table: [number, string, RegExp][] = [
    [200, '<html>', /it has no version/],
    [200, '{"version":9}', /it has no version/],
    [302, '', /it is 302, and leads to \/login/],
    [404, 'nothing here', /it is 404/],
    [502, 'Bad Gateway', /it is 502/]
  ]
  for (const [status, body, reason] of table) {
    const { url, asked } = await startKibana(t, {
      answer: (_, response) => response.writeHead(status, { location: '/login' }).end(body)
    })
    const { exitCode, stderr } = await setup(['--url', url])
    assert.equal(exitCode, exitCodes.refused)
    assert.match(stderr, /^playtrail: The answer from .* is not one of Kibana: /)
    assert.match(stderr, reason)
    assert.equal(asked.length, 1)
  }
  const odd = await startKibana(t, {
    answer: (_, response) => response.end('{"version":{"number":"9.0.0"}}')
  })
  const { stderr } = await setup(['--url', odd.url])
  assert.match(stderr, /is not one of Kibana: it is no answer to an import\./)
})

test('a URL that cannot be one is a mistake in the call, and a password in it is not repeated', async () => {
  for (const option of ['--url', '--playtrail-url'])
    for (const url of ['localhost:5601', 'ftp://x', '']) {
      const { exitCode, stderr } = await setup([option, url])
      assert.equal(exitCode, exitCodes.usage)
      assert.match(stderr, /Expected the URL of (Kibana|Playtrail), such as http:/)
    }
  const { exitCode, stderr } = await setup(['--url', 'https://elastic:secret@example.org'])
  assert.equal(exitCode, exitCodes.usage)
  assert.doesNotMatch(stderr, /secret/)
})

test('a certificate is trusted when its authority is named, and not before', async (t) => {
  const folder = temporaryFolder(t)
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=kibana'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
  ])
  assert.equal(made.status, 0, String(made.stderr))
  const kibana = await startKibana(t, {
    tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  })
  const unknown = await setup(['--url', kibana.url])
  assert.equal(unknown.exitCode, exitCodes.unreachable)
  assert.match(
    unknown.stderr,
    /its certificate is signed by nobody that is trusted here\.\n.*PLAYTRAIL_KIBANA_CA_FILE/
  )
  const known = await setup(['--url', kibana.url], { PLAYTRAIL_KIBANA_CA_FILE: cert })
  assert.deepEqual([known.exitCode, known.stderr], [exitCodes.done, ''])
})

async function setup(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return await run(['setup', 'kibana', ...args], { env }, (surroundings) =>
    new Command('playtrail').addCommand(new Command('setup').addCommand(setupKibanaCommand(surroundings)))
  )
}

function fileWith(t: Parameters<typeof temporaryFolder>[0], content: string): string {
  const path = join(temporaryFolder(t), 'key')
  writeFileSync(path, content)
  return path
}

/** A port that nobody listens on, until somebody takes it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
