import closeWithGrace from 'close-with-grace'
import { Command } from 'commander'
import { limits } from '../limits.ts'
import { createLog } from '../log.ts'
import { type RunningWitness, startWitness } from '../witness/service.ts'
import { readWitnessConfig, type WitnessConfig, witnessSettings } from '../witness/settings.ts'
import { exitCodes } from './exit-codes.ts'
import { addSettings } from './setting-options.ts'

/** `playtrail witness`: a witness for logs of other hosts, until SIGTERM or SIGINT. */
export function witnessCommand(): Command {
  const command = new Command('witness').description(
    'start a witness on another host: it cosigns checkpoints of a log as long as each follows from the one before'
  )
  addSettings(command, witnessSettings)
  return command
    .addHelpText(
      'after',
      '\nIts own folder, its own key, and no access for the operators of the log: docs/evidence.md.'
    )
    .action(async (flags: Partial<Record<keyof WitnessConfig, string>>) => {
      await witness(readWitnessConfig(flags, process.env))
    })
}

async function witness(config: WitnessConfig): Promise<void> {
  const log = createLog(config)
  const running = await startWitness(config, {
    log,
    onBroken(error) {
      log.fatal(
        { err: error },
        'what was cosigned could not be written down: the process ends, start it again when the disk is well'
      )
      // Whoever asked is told before.
      void running.stop().finally(() => process.exit(exitCodes.refused))
    }
  })
  closeWithGrace({ delay: limits.shutdownMsMax, logger: log }, async ({ err }) => {
    if (err) log.fatal({ err }, 'an error that nobody expected: the witness ends')
    await running.stop()
    log.info('stopped')
  })
  const { url, path, origins, vkey } = running
  log.info({ url, data_dir: path, logs: origins, vkey }, 'ready')
  process.stderr.write(welcome(running))
}

function welcome({ url, path, origins, vkey, isNew }: RunningWitness): string {
  const made = isNew ? `\nIts key was made, in ${path}.` : ''
  return `
The witness listens on ${url} and watches ${origins.join(', ')}.${made} Its public key, for the logs and for their auditors:

  ${vkey}

`
}
