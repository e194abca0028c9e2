import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { Command, Option } from 'commander'
import { checkAnchorSettings } from '../anchors/check-settings.ts'
import { namesOf } from '../anchors/names.ts'
import { type Config, isLoopback, readConfig, settings } from '../config.ts'
import { limits } from '../limits.ts'
import { createLog } from '../log.ts'
import { startService } from '../service.ts'
import { version } from '../version.ts'

const DEFAULT_URL = `http://${settings.listen.fallback}`

/** `playtrail serve`: the service, until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  const command = new Command('serve').description('start the service')
  for (const setting of Object.values(settings)) {
    const { flag, placeholder, meaning, env, fallback } = setting
    const shown = fallback === '' ? env : `${env}, default ${fallback}`
    const option = new Option(`${flag} ${placeholder}`, `${meaning} (${shown})`)
    if ('isList' in setting) option.argParser(lines)
    command.addOption(option)
  }
  return command.action(async (flags: Partial<Record<keyof Config, string>>) => {
    const config = readConfig(flags, process.env)
    await checkAnchorSettings(config)
    await serve(config)
  })
}

/** A flag that is given several times comes as lines. */
function lines(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before}\n${text}`
}

async function serve(config: Config): Promise<void> {
  const log = createLog(config)
  const service = await startService(config, log, (error) => {
    // The disk can no longer be believed. Nothing that is under way may be answered.
    log.fatal(
      { err: error },
      'the journal could not be written: the process ends, start it again when the disk is well'
    )
    process.exit(1)
  })
  const { url, folder, journal, logKeys, sealer } = service
  closeWithGrace({ delay: limits.shutdownMsMax, logger: log }, async ({ err }) => {
    if (err) log.fatal({ err }, 'an error that nobody expected: the service ends')
    await service.stop(err && 'An error that nobody expected ended the service; its own log says which.')
    log.info('stopped')
  })
  log.info(
    { url, data_dir: folder.path, log: folder.log, records: journal.end, sealed: sealer.size },
    'ready'
  )
  if (logKeys.isNew) process.stderr.write(keyMade(logKeys.vkeys, folder.keys))
  process.stderr.write(welcome(url, folder.path, config))
}

/** Said once: whoever wants to check the log later has to know the key from somewhere else than from the log. */
function keyMade(vkeys: string, directory: string): string {
  return `
The log's signing key was made, in ${directory}. Its public key, to keep elsewhere and to give to whoever checks the log:

  ${vkeys}`
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
