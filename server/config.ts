import { isIP } from 'node:net'
import { SettingMistake } from './anchors/setting-mistake.ts'
import { readFiles, readSeconds, readWebhooks, readWitnesses } from './anchors/settings.ts'
import { limits } from './limits.ts'

/** One setting: a flag of `playtrail serve`, an environment variable, a default. */
export interface Setting<Value> {
  flag: string
  /** What stands behind the flag in the help. */
  placeholder: string
  env: string
  fallback: string
  meaning: string
  /** The value, or undefined if the text is none; `expected` says what would be one. */
  read(text: string): Value | undefined
  expected: string
  /** The flag may be given several times, and the variable holds several with spaces between: `read` gets them a line each. */
  isList?: true
}

export interface Listen {
  host: string
  port: number
}

/** A week: more would leave runs open that nobody remembers. */
const SILENT_AFTER_SECONDS_MAX = 604_800

const KEPT_MAX = 1_000_000_000

/** A TiB: beyond it somebody mistook the unit. */
const DISK_RESERVE_MIB_MAX = 1_048_576

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const logFormats = ['auto', 'pretty', 'json'] as const

/** Where the index is kept. */
export type StoreSetting =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'elasticsearch'; readonly url: string }

/** Every setting of the server, in one table; docs/configuration.md lists the same, and a test compares them. */
export const settings = {
  listen: {
    flag: '--listen',
    placeholder: '<address:port>',
    env: 'PLAYTRAIL_LISTEN',
    fallback: '127.0.0.1:8470',
    meaning: 'Address and port to listen on; port 0 takes a free one. Beyond loopback, tokens are needed.',
    read: readListen,
    expected:
      'an IP address or `localhost`, a colon and a port from 0 to 65535, for example 127.0.0.1:8470 or [::1]:8470'
  },
  dataDir: {
    flag: '--data-dir',
    placeholder: '<folder>',
    env: 'PLAYTRAIL_DATA_DIR',
    fallback: './data',
    meaning: 'The data folder: journal, log, keys, tokens, quarantine, index.',
    read: (text: string) => (text === '' ? undefined : text),
    expected: 'a folder'
  },
  store: {
    flag: '--store',
    placeholder: '<store>',
    env: 'PLAYTRAIL_STORE',
    fallback: 'sqlite',
    meaning:
      'Where the index is kept: `sqlite`, the embedded store in the data folder, or the URL of an Elasticsearch 9.',
    read: readStore,
    expected:
      '`sqlite`, or a URL such as http://127.0.0.1:9200 without user and password (--elasticsearch-api-key-file names a file with a key)'
  },
  elasticsearchApiKeyFile: {
    flag: '--elasticsearch-api-key-file',
    placeholder: '<file>',
    env: 'PLAYTRAIL_ELASTICSEARCH_API_KEY_FILE',
    fallback: '',
    meaning: 'A file with the encoded API key for Elasticsearch.',
    read: (text: string) => text,
    expected: 'a file'
  },
  elasticsearchCaFile: {
    flag: '--elasticsearch-ca-file',
    placeholder: '<file>',
    env: 'PLAYTRAIL_ELASTICSEARCH_CA_FILE',
    fallback: '',
    meaning: 'A file with the certificates (PEM) of the authorities that Elasticsearch is trusted by.',
    read: (text: string) => text,
    expected: 'a file'
  },
  logOrigin: {
    flag: '--log-origin',
    placeholder: '<name>',
    env: 'PLAYTRAIL_LOG_ORIGIN',
    fallback: '',
    meaning:
      'Name of the transparency log, for example audit.example.org/trail; it is chosen at the first start, and stays. By default made of host and journal.',
    read: readOrigin,
    expected: 'a name of at most 200 characters, without spaces, "+" and "://"'
  },
  anchorFile: {
    flag: '--anchor-file',
    placeholder: '<file>',
    env: 'PLAYTRAIL_ANCHOR_FILE',
    fallback: '',
    meaning: 'Keep the newest signed checkpoint in this file, on another disk or host; several.',
    read: readFiles,
    expected: `at most ${limits.anchorFilesMax} different files`,
    isList: true
  },
  anchorWebhook: {
    flag: '--anchor-webhook',
    placeholder: '<url>',
    env: 'PLAYTRAIL_ANCHOR_WEBHOOK',
    fallback: '',
    meaning: 'Send the newest signed checkpoint to this URL, by POST; several.',
    read: readWebhooks,
    expected: `at most ${limits.anchorUrlsMax} different http or https URLs without user and password`,
    isList: true
  },
  anchorWebhookTokenFile: {
    flag: '--anchor-webhook-token-file',
    placeholder: '<file>',
    env: 'PLAYTRAIL_ANCHOR_WEBHOOK_TOKEN_FILE',
    fallback: '',
    meaning: 'A file with the token that is sent to the webhooks (Authorization: Bearer).',
    read: (text: string) => text,
    expected: 'a file'
  },
  anchorWitness: {
    flag: '--anchor-witness',
    placeholder: '<vkey=url>',
    env: 'PLAYTRAIL_ANCHOR_WITNESS',
    fallback: '',
    meaning: 'Have this witness (C2SP tlog-witness) cosign the newest checkpoint; several.',
    read: readWitnesses,
    expected: `at most ${limits.anchorUrlsMax} different witnesses, each a verifier key of type 4, "=" and the URL before /add-checkpoint, without user and password`,
    isList: true
  },
  anchorEvery: {
    flag: '--anchor-every',
    placeholder: '<seconds>',
    env: 'PLAYTRAIL_ANCHOR_EVERY',
    fallback: '60',
    meaning: 'Pause between two times that the checkpoint goes to the anchors.',
    read: readSeconds,
    expected: 'a whole number of seconds from 1 to 86400'
  },
  silentAfter: {
    flag: '--silent-after',
    placeholder: '<seconds>',
    env: 'PLAYTRAIL_SILENT_AFTER',
    fallback: '900',
    meaning:
      'Close a run of which nothing was received for so long; 0: never. Senders tell every 30 s that a run goes on.',
    read: readSilentAfter,
    expected: `0, or a whole number of seconds up to ${SILENT_AFTER_SECONDS_MAX}`
  },
  keepDays: {
    flag: '--keep-days',
    placeholder: '<days>',
    env: 'PLAYTRAIL_KEEP_DAYS',
    fallback: '0',
    meaning:
      'Remove runs that started longer ago from the embedded store; 0: keep all. The journal keeps them, and runs that go on stay.',
    read: readCount,
    expected: `0, or a whole number of days up to ${KEPT_MAX}`
  },
  keepRuns: {
    flag: '--keep-runs',
    placeholder: '<runs>',
    env: 'PLAYTRAIL_KEEP_RUNS',
    fallback: '0',
    meaning: 'Remove all but so many of the newest runs from the embedded store; 0: keep all.',
    read: readCount,
    expected: `0, or a whole number of runs up to ${KEPT_MAX}`
  },
  diskReserve: {
    flag: '--disk-reserve',
    placeholder: '<MiB>',
    env: 'PLAYTRAIL_DISK_RESERVE',
    fallback: '64',
    meaning:
      'Refuse new events (503) while less is free on the disk of the data folder; 0: only when it is full.',
    read: readDiskReserve,
    expected: `0, or a whole number of MiB up to ${DISK_RESERVE_MIB_MAX}`
  },
  logLevel: {
    flag: '--log-level',
    placeholder: '<level>',
    env: 'PLAYTRAIL_LOG_LEVEL',
    fallback: 'info',
    meaning: 'Least severe messages to print.',
    read: oneOf(logLevels),
    expected: `one of ${logLevels.join(', ')}`
  },
  logFormat: {
    flag: '--log-format',
    placeholder: '<format>',
    env: 'PLAYTRAIL_LOG_FORMAT',
    fallback: 'auto',
    meaning: '`json`, a JSON object a line; `pretty`, for people; `auto`, pretty on a terminal, else json.',
    read: oneOf(logFormats),
    expected: `one of ${logFormats.join(', ')}`
  }
} as const satisfies Record<string, Setting<unknown>>

type Settings = Record<string, Setting<unknown>>

/** The values of a table of settings. */
export type ValuesOf<Table extends Settings> = {
  readonly [Name in keyof Table]: NonNullable<ReturnType<Table[Name]['read']>>
}

export type Config = ValuesOf<typeof settings>

/** A setting or several are wrong; the message names all of them. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

export function readConfig(
  flags: { [Name in keyof Config]?: string | undefined },
  env: NodeJS.ProcessEnv
): Config {
  return readSettings(settings, flags, env)
}

/** Flags win over the environment, the environment over the defaults. */
export function readSettings<Table extends Settings>(
  table: Table,
  flags: { [Name in keyof Table]?: string | undefined },
  env: NodeJS.ProcessEnv
): ValuesOf<Table> {
  const mistakes: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(table)) {
    const flag = flags[name]
    const text = flag ?? textIn(env, setting)
    try {
      // An empty variable is none. A flag without a value is one whose variable, in a script, is not set.
      const isEmpty = setting.isList === true && flag?.split('\n').includes('')
      config[name] = isEmpty ? undefined : setting.read(text)
      if (config[name] === undefined) throw new SettingMistake(setting.expected, isEmpty ? '' : text)
    } catch (error) {
      if (!(error instanceof SettingMistake)) throw error
      mistakes.push(
        `${flag === undefined ? setting.env : setting.flag}: expected ${withoutSecrets(error.message)}; got "${withoutSecrets(error.got)}"`
      )
    }
  }
  if (mistakes.length > 0) throw new ConfigurationError(`wrong settings:\n  ${mistakes.join('\n  ')}`)
  return Object.freeze(config) as ValuesOf<Table>
}

function textIn(env: NodeJS.ProcessEnv, { env: variable, fallback, isList }: Setting<unknown>): string {
  const text = env[variable] ?? fallback
  return isList === true ? text.trim().replaceAll(/\s+/g, '\n') : text
}

/** What stands before the @ of a URL may be a secret, and so may its path; messages go into logs. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/\/\/[^/@\n]*@/g, '//(hidden)@').replaceAll(/(:\/\/[^/\s]+\/)\S+/g, '$1(hidden)')
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function readListen(text: string): Listen | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port <= 65_535)) return undefined
  return host === 'localhost' || isIP(host) !== 0 ? { host, port } : undefined
}

function readStore(text: string): StoreSetting | undefined {
  if (text === 'sqlite') return { kind: 'sqlite' }
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined
  return { kind: 'elasticsearch', url: url.href.replace(/\/$/, '') }
}

/** Empty: none was given. */
function readOrigin(text: string): string | undefined {
  const isName = text.length <= 200 && !/[\s+\p{Cc}]|:\/\//u.test(text)
  return isName && text.isWellFormed() ? text : undefined
}

function readSilentAfter(text: string): number | undefined {
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined
  return seconds !== undefined && seconds <= SILENT_AFTER_SECONDS_MAX ? seconds : undefined
}

function readCount(text: string): number | undefined {
  const count = /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined
  return count !== undefined && count <= KEPT_MAX ? count : undefined
}

function readDiskReserve(text: string): number | undefined {
  const mebibytes = /^[0-9]{1,7}$/.test(text) ? Number(text) : undefined
  return mebibytes !== undefined && mebibytes <= DISK_RESERVE_MIB_MAX ? mebibytes : undefined
}

function oneOf<Value extends string>(values: readonly Value[]): (text: string) => Value | undefined {
  return (text) => values.find((value) => value === text)
}
