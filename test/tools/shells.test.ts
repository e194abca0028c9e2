import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { scriptOf, table } from '../cli/completion.ts'
import { startOnTerminal } from '../support/terminal.ts'

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

function isThere(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0
}
