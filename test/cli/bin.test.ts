import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const BIN = join(ROOT, bin.playtrail)
/** Tells what it was started with, then waits for a signal, or ends as it was told to. */
const MAIN = `
import process from 'node:process'
process.on('SIGTERM', () => process.exit(7))
process.stdout.write(JSON.stringify(process.argv.slice(2)) + '\\n')
if (process.argv[2] === 'wait') setInterval(() => undefined, 1000)
else process.exitCode = Number(process.argv[2])
`

test('the command that packages install runs the command line', async () => {
  assert.equal(await outputOf(spawn(process.execPath, [BIN, '--version'])), `${version}\n`)
})

test('an older Node.js starts the one of the packages: arguments, exit code and signals are passed on', async (t) => {
  const old = olderNode()
  if (old === undefined) return t.skip('there is no older Node.js here')
  const folder = installation(t)
  // As npm link does it.
  const link = join(folder, 'linked')
  symlinkSync(join(folder, 'bin/playtrail.mjs'), link)
  const ended = spawn(old, [link, '3', 'a b', ''])
  const [said, [exitCode]] = await Promise.all([outputOf(ended), once(ended, 'close')])
  assert.deepEqual([said, exitCode], ['["3","a b",""]\n', 3])

  const waiting = spawn(old, [link, 'wait'])
  onEnd(t, () => waiting.kill('SIGKILL'))
  const closed = once(waiting, 'close')
  await once(waiting.stdout, 'data')
  waiting.kill('SIGTERM')
  assert.deepEqual(await closed, [7, null])

  const ending = spawn(old, [link, 'wait'])
  const endedBy = once(ending, 'close')
  await once(ending.stdout, 'data')
  ending.kill('SIGHUP')
  assert.deepEqual(await endedBy, [null, 'SIGHUP'])
})

test('an older Node.js without the packages says what is needed', async (t) => {
  const old = olderNode()
  if (old === undefined) return t.skip('there is no older Node.js here')
  const folder = temporaryFolder(t)
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  const child = spawn(old, [join(folder, 'bin/playtrail.mjs'), 'runs'])
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(exitCode, 1)
  assert.match(stderr, /^playtrail: Node\.js 24 or newer is needed, this is v\d+.*\nRun npm install in /)
})

/** The command with a Node.js of its own, and a program of which we know what it does. */
function installation(t: TestContext): string {
  const folder = temporaryFolder(t)
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'server'))
  writeFileSync(join(folder, 'server/main.ts'), MAIN)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node_modules/node/bin/node'))
  return folder
}

/** The machine's own Node.js, where it is an older one. */
function olderNode(): string | undefined {
  const found = ['/usr/local/bin/node', '/usr/bin/node'].filter((path) => existsSync(path))
  return found.find((path) => {
    const major = execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })
    return Number(major) < 24 && Number(major) >= 16
  })
}

async function outputOf({ stdout }: ChildProcess): Promise<string> {
  return stdout === null ? '' : await text(stdout)
}
