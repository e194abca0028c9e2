import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { Command, Option } from 'commander'
import { type Config, readConfig, settings } from '../config.ts'
import { limits } from '../limits.ts'
import { createLog } from '../log.ts'
import { startService } from '../service.ts'
import { version } from '../version.ts'

const DEFAULT_URL = `http://${settings.listen.fallback}`

/** `playtrail serve`: the service, until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  const command = new Command('serve').description('start the service')
  for (const { flag, placeholder, meaning, env, fallback } of Object.values(settings)) {
    command.addOption(new Option(`${flag} ${placeholder}`, `${meaning} (${env}, default ${fallback})`))
  }
  return command.action(async (flags: Partial<Record<keyof Config, string>>) => {
    await serve(readConfig(flags, process.env))
  })
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
  const { url, folder, journal } = service
  closeWithGrace({ delay: limits.shutdownMsMax, logger: log }, async ({ err }) => {
    if (err) log.fatal({ err }, 'an error that nobody expected: the service ends')
    await service.stop()
    log.info('stopped')
  })
  log.info({ url, data_dir: folder.path, log: folder.log, records: journal.end }, 'ready')
  process.stderr.write(welcome(url, folder.path))
}

function welcome(url: string, dataDir: string): string {
  const plugins = fileURLToPath(new URL('../../ansible-callback/plugins/callback', import.meta.url))
  const elsewhere = url === DEFAULT_URL ? '' : `\n  [callback_playtrail]\n  url = ${url}\n`
  return `
Playtrail ${version} listens on ${url} and keeps its records in ${dataDir}

To record every playbook, put these lines into ansible.cfg:

  [defaults]
  callback_plugins = ${plugins}
  callbacks_enabled = playtrail
${elsewhere}
Then see what was recorded:  npx playtrail runs
Ctrl-C stops the service; what was acknowledged stays.

`
}
