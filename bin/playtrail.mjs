#!/usr/bin/env node
// `playtrail` on whatever Node.js the machine has, so it is plain JavaScript: server/main.ts needs the Node.js 24
// that the packages bring. An older one starts that, and is nothing but its voice and its ears.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR_MIN = 24
const REFUSED = 1

const main = new URL('../server/main.ts', import.meta.url)
const ownNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) await import(main.href)
else if (existsSync(ownNode)) start()
else {
  process.stderr.write(
    `playtrail: Node.js ${NODE_MAJOR_MIN} or newer is needed, this is ${process.version}.\nRun npm install in ${fileURLToPath(new URL('..', import.meta.url))}, which brings it.\n`
  )
  process.exitCode = REFUSED
}

function start() {
  const child = spawn(ownNode, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends what its keys mean to both of us, and a second Ctrl-C would end what the first one asks to end.
  const isOnTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
  const listeners = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const isFromKeys = isOnTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')
    const listener = () => {
      if (!isFromKeys) child.kill(signal)
    }
    process.on(signal, listener)
    return [signal, listener]
  })
  child.once('error', (error) => {
    process.stderr.write(`playtrail: ${ownNode} cannot be run: ${error.message}\n`)
    process.exitCode = REFUSED
  })
  child.once('exit', (exitCode, signal) => {
    for (const [name, listener] of listeners) process.off(name, listener)
    if (signal === null) process.exitCode = exitCode ?? REFUSED
    else {
      // As if it had been sent to us; where that does not end us, the number says it as a shell does.
      process.exitCode = 128 + (constants.signals[signal] ?? 0)
      process.kill(process.pid, signal)
    }
  })
}
