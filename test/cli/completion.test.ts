import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { startOnTerminal } from '../support/terminal.ts'
import { MAIN, scriptOf, table } from './completion.ts'

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

test('a shell that there is no script for is refused', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'completion', 'tcsh'], { encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /Allowed choices are bash, zsh, fish/)
})
