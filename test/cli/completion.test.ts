import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/folder.ts'
import { startOnTerminal } from '../support/terminal.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

/** What is typed, and what is offered for its last word. */
const table: [line: string, offered: string[]][] = [
  ['playtrail ru', ['runs']],
  ['playtrail runs --st', ['--status']],
  ['playtrail runs --status su', ['success']],
  ['playtrail --version runs --status a', ['aborted']],
  ['playtrail token cr', ['create']],
  ['playtrail token create --ro', ['--role']],
  ['playtrail token create --role s', ['sender']],
  ['playtrail completion f', ['fish']],
  ['playtrail runs --user token c', []],
  ['playtrail frobnicate --st', []]
]

test('bash completes commands, options and what options may be', (t) => {
  const script = scriptOf(t, 'bash')
  for (const [line, offered] of [...table, ['playtrail runs --status = su', ['success']] as const]) {
    const words = line.split(' ')
    const asked = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=${words.length - 1}; _playtrail; printf '%s\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', asked, script, ...words], {
      encoding: 'utf8'
    })
    assert.deepEqual([stdout.split('\n').filter(Boolean), stderr], [offered, ''], line)
  }
})

test('fish completes the same', (t) => {
  if (!isThere('fish')) return t.skip('there is no fish')
  const script = scriptOf(t, 'fish')
  for (const [line, offered] of table.filter(([typed]) => !typed.includes('frobnicate'))) {
    const asked = `source ${script}; complete -C ${JSON.stringify(line)}`
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', asked], { encoding: 'utf8' })
    const words = stdout.split('\n').map((row) => row.split('\t')[0] ?? '')
    assert.deepEqual([words.filter(Boolean), stderr], [offered, ''], line)
  }
})

test('in a bash that somebody types into, the tabulator finishes words', async (t) => {
  const script = scriptOf(t, 'bash')
  const shell = startOnTerminal(t, ['bash', '--norc', '--noprofile', '-i'], { PS1: '> ' })
  shell.type(`playtrail() { echo "asked for: $*"; }; source ${script}; echo re''ady\n`)
  await shell.shows('ready')
  shell.type('playtrail ru\t--stat\t=su\t\n')
  await shell.shows('asked for: runs --status =success')
  shell.type('playtrail runs --status=fai\t\n')
  await shell.shows('asked for: runs --status=failed')
  shell.type('exit\n')
  assert.equal((await shell.ended()).exitCode, 0)
})

test('in a zsh that somebody types into, the tabulator finishes words', async (t) => {
  if (!isThere('zsh')) return t.skip('there is no zsh')
  const script = scriptOf(t, 'zsh')
  const shell = startOnTerminal(t, ['zsh', '-f', '-i'], { PS1: '> ' })
  shell.type(
    `playtrail() { echo "asked for: $*"; }; autoload -U compinit; compinit -D -u; source ${script}; echo re''ady\n`
  )
  await shell.shows('ready')
  shell.type('playtrail ru\t--stat\tsu\t\n')
  await shell.shows('asked for: runs --status success')
  shell.type('playtrail token cr\t--ro\ts\t\n')
  await shell.shows('asked for: token create --role sender')
  shell.type('exit\n')
  assert.equal((await shell.ended()).exitCode, 0)
})

test('a shell that there is no script for is refused', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'completion', 'tcsh'], { encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /Allowed choices are bash, zsh, fish/)
})

/** A file that holds what the program prints. */
function scriptOf(t: TestContext, shell: string): string {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'completion', shell], { encoding: 'utf8' })
  assert.equal(status, 0)
  const path = join(temporaryFolder(t), `playtrail.${shell}`)
  writeFileSync(path, stdout)
  return path
}

function isThere(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0
}
