import { readSettings, type Setting, settings, type ValuesOf } from '../config.ts'

/**
 * Every setting of `playtrail witness`, in one table; docs/configuration.md lists the same, and a test compares them. The variables are others
 * than those of the service: one machine may run both, for different logs.
 */
export const witnessSettings = {
  log: {
    flag: '--log',
    placeholder: '<key>',
    env: 'PLAYTRAIL_WITNESS_LOG',
    fallback: '',
    isList: true,
    meaning:
      'The public key of a log to watch, or a file with such keys, one a line; several. A log that changes its key has both.',
    read: readLogs,
    expected: 'the public key of a log, as `playtrail key list` shows it, or a file with such keys'
  },
  listen: {
    ...settings.listen,
    env: 'PLAYTRAIL_WITNESS_LISTEN',
    fallback: '127.0.0.1:8471',
    meaning: 'Address and port to listen on; port 0 takes a free one.'
  },
  dataDir: {
    ...settings.dataDir,
    env: 'PLAYTRAIL_WITNESS_DATA_DIR',
    fallback: './witness',
    meaning: 'The folder of the witness: its key, and what it cosigned.'
  },
  name: {
    ...settings.logOrigin,
    flag: '--name',
    env: 'PLAYTRAIL_WITNESS_NAME',
    meaning:
      'Name of the witness and of its key, for example witness.example.org/audit; it is chosen at the first start, and stays. By default made of the host’s.'
  },
  logLevel: settings.logLevel,
  logFormat: settings.logFormat
} as const satisfies Record<string, Setting<unknown>>

export type WitnessConfig = ValuesOf<typeof witnessSettings>

/** A flag that is given several times comes as lines. */
export function readWitnessConfig(
  flags: { [Name in keyof WitnessConfig]?: string | undefined },
  env: NodeJS.ProcessEnv
): WitnessConfig {
  return readSettings(witnessSettings, flags, env)
}

function readLogs(text: string): readonly string[] | undefined {
  const logs = text.split('\n').filter((line) => line !== '')
  return logs.length === 0 ? undefined : logs
}
