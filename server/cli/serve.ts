import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { Command } from 'commander'
import { checkAnchorSettings } from '../anchors/check-settings.ts'
import { namesOf } from '../anchors/names.ts'
import { type Config, isLoopback, readConfig, settings } from '../config.ts'
import { limits } from '../limits.ts'
import { createLog } from '../log.ts'
import { checkPermissions } from '../permissions.ts'
import type { OpenedKeys } from '../seal/open-log.ts'
import { startService } from '../service.ts'
import { version } from '../version.ts'
import { addSettings } from './setting-options.ts'

const DEFAULT_URL = `http://${settings.listen.fallback}`

/** `playtrail serve`: the service, until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  const command = new Command('serve').description('start the service')
  addSettings(command, settings)
  return command.action(async (flags: Partial<Record<keyof Config, string>>) => {
    const config = readConfig(flags, process.env)
    await checkAnchorSettings(config)
    await serve(config)
  })
}

async function serve(config: Config): Promise<void> {
  checkPermissions(config.dataDir)
  const log = createLog(config)
  const starting = startService(config, log, (error) => {
    // The disk can no longer be believed. Nothing that is under way may be answered.
    log.fatal(
      { err: error },
      'the journal could not be written: the process ends, start it again when the disk is well'
    )
    process.exit(1)
  })
  const ending = closeWithGrace({ delay: limits.shutdownMsMax, logger: log }, async ({ err }) => {
    if (err) log.fatal({ err }, 'an error that nobody expected: the service ends')
    // A stop in the middle of the start is one that somebody wants, too: the next start must not take it for a kill.
    const service = await starting
    await service.stop(err && 'An error that nobody expected ended the service; its own log says which.')
    log.info('stopped')
  })
  const service = await starting.catch((error: unknown) => {
    // There is nothing to stop, and the command line says why.
    ending.uninstall()
    throw error
  })
  const { url, folder, journal, logKeys, sealer } = service
  log.info(
    { url, data_dir: folder.path, log: folder.log, records: journal.end, sealed: sealer.size },
    'ready'
  )
  process.stderr.write(keyText(logKeys, folder.keys))
  process.stderr.write(welcome(url, folder.path, config))
}

/** Said at every start, since the first one may fail after the key was made: whoever wants to check the log later has to know the key from somewhere else than from the log. */
function keyText({ vkeys, isNew }: OpenedKeys, directory: string): string {
  const keys = vkeys.trimEnd().replaceAll('\n', '\n  ')
  const made = isNew
    ? `The log's signing key was made, in ${directory}. Its public key`
    : "The log's public key"
  return `
${made}, to keep elsewhere and to give to whoever checks the log:

  ${keys}
`
}

/** Whoever mistyped the name of a variable sees it here, and not on the day when the anchor is needed. */
function anchorLine(config: Config): string {
  const names = namesOf(config)
  return names.length === 0
    ? ''
    : `Its newest checkpoint goes, every ${config.anchorEvery} s, to ${names.join(', ')}
`
}

function welcome(url: string, dataDir: string, config: Config): string {
  const isLocal = isLoopback(config.listen.host)
  const plugins = fileURLToPath(new URL('../../ansible-callback/plugins/callback', import.meta.url))
  const asked = isLocal ? url : url.replace(/\/\/.*:/, `//${hostname()}:`)
  const options = [
    ...(asked === DEFAULT_URL ? [] : [`url = ${asked}`]),
    ...(isLocal ? [] : ['token_file = /a/file/that/holds/a/sender-s/token'])
  ]
  const section =
    options.length === 0 ? '' : `\n  [callback_playtrail]\n${options.map((line) => `  ${line}\n`).join('')}`
  return `
Playtrail ${version} listens on ${url} and keeps its records in ${dataDir}
${anchorLine(config)}
To record every playbook, put these lines into ansible.cfg:

  [defaults]
  callback_plugins = ${plugins}
  callbacks_enabled = playtrail
${section}
Then see what was recorded:  npx playtrail runs${asked === DEFAULT_URL ? '' : ` --url ${asked}`}
Ctrl-C stops the service; what was acknowledged stays.

`
}
