import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { KibanaConnection } from '../kibana/connection.ts'
import { type Dashboards, readDashboards } from '../kibana/dashboards.ts'
import { KibanaError, type KibanaErrorCode } from '../kibana/errors.ts'
import { importDashboards } from '../kibana/import.ts'
import { PLAYTRAIL_URL_DEFAULT } from '../kibana/run-link.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable } from './printable.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'
import { counted } from './words.ts'

const KIBANA_URL_DEFAULT = 'http://127.0.0.1:5601'
/** Kibana answers an import when the objects can be searched, which may take a while on a busy cluster. */
const KIBANA_TIMEOUT_MS = 120_000
const SPACE_PATTERN = /^[a-z0-9_-]+$/
/** What Elasticsearch gives out as `encoded`: base64 of `id:api_key`. */
const API_KEY_PATTERN = /^[A-Za-z0-9+/_-]+=*$/

interface SetupOptions {
  url?: string
  space?: string
  playtrailUrl?: string
  dryRun?: true
}

/** `playtrail setup kibana`: imports the dashboards. */
export function setupKibanaCommand(surroundings: Surroundings = processSurroundings()): Command {
  return new Command('kibana')
    .description('import the data views and dashboards into Kibana, over those of an earlier import')
    .option('--url <url>', `the Kibana to import into (PLAYTRAIL_KIBANA_URL, default ${KIBANA_URL_DEFAULT})`)
    .option(
      '--space <space>',
      'space of Kibana’s to import into, as it stands in its addresses (default: the default space)'
    )
    .option(
      '--playtrail-url <url>',
      `where people reach Playtrail, for links to runs (default ${PLAYTRAIL_URL_DEFAULT})`
    )
    .option('--dry-run', 'print what would be imported, and ask Kibana nothing')
    .addHelpText(
      'after',
      '\nWith security on, PLAYTRAIL_KIBANA_API_KEY_FILE names a file with an encoded API key, and' +
        '\nPLAYTRAIL_KIBANA_CA_FILE one with the certificates to trust.'
    )
    .action((options: SetupOptions) => setUpKibana(options, surroundings))
}

async function setUpKibana(options: SetupOptions, surroundings: Surroundings): Promise<void> {
  const playtrailUrl = readUrl(
    options.playtrailUrl ?? PLAYTRAIL_URL_DEFAULT,
    'Playtrail',
    PLAYTRAIL_URL_DEFAULT
  )
  const dashboards = readDashboards(playtrailUrl.href)
  if (options.dryRun === true) {
    await print(surroundings.stdout, dashboards.ndjson)
    await print(surroundings.stderr, `Nothing was sent. Printed: ${contentOf(dashboards)}.\n`)
    return
  }
  const connection = readConnection(options, surroundings.env)
  try {
    const { version, objects, replaced } = await importDashboards(connection, dashboards)
    const before = replaced === 0 ? '' : `; ${replaced} of them replaced what was there`
    await print(
      surroundings.stdout,
      `Kibana ${printable(version)} took ${counted(objects, 'object')}: ${contentOf(dashboards)}${before}.\n${links(connection, dashboards)}`
    )
  } catch (error) {
    throw error instanceof KibanaError ? failureOf(error, connection) : error
  }
}

function contentOf({ objects }: Dashboards): string {
  const count = (type: string): number => objects.filter((object) => object.type === type).length
  const parts = [
    counted(count('dashboard'), 'dashboard'),
    counted(count('index-pattern'), 'data view'),
    `${count('search')} saved searches`
  ]
  return parts.join(', ')
}

function links({ url, space }: KibanaConnection, { objects }: Dashboards): string {
  const base = `${url.href}${space === undefined ? '' : `s/${space}/`}app/dashboards#/view/`
  return objects
    .filter(({ type }) => type === 'dashboard')
    .map(({ id, attributes }) => `${attributes.title.padEnd(26)} ${base}${id}\n`)
    .join('')
}

function readConnection({ url, space }: SetupOptions, env: Surroundings['env']): KibanaConnection {
  if (space !== undefined && !SPACE_PATTERN.test(space))
    throw new Failure(
      exitCodes.usage,
      `Expected a space as it stands in Kibana’s addresses (/s/<space>/): small letters, digits, - and _; got "${space}".`
    )
  const apiKey = readFileOf('PLAYTRAIL_KIBANA_API_KEY_FILE', env)?.trim()
  if (apiKey !== undefined && !API_KEY_PATTERN.test(apiKey))
    throw new Failure(
      exitCodes.usage,
      'Expected an encoded API key in the file of PLAYTRAIL_KIBANA_API_KEY_FILE, and nothing else: one word of base64.',
      'Elasticsearch gives it out as `encoded`; Kibana, when it shows a new key, as Encoded.'
    )
  return {
    url: readUrl(url ?? (env.PLAYTRAIL_KIBANA_URL || KIBANA_URL_DEFAULT), 'Kibana', KIBANA_URL_DEFAULT),
    space: space === 'default' ? undefined : space,
    apiKey,
    ca: readFileOf('PLAYTRAIL_KIBANA_CA_FILE', env),
    timeoutMs: KIBANA_TIMEOUT_MS
  }
}

function readFileOf(name: string, env: Surroundings['env']): string | undefined {
  const path = env[name]
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${name} cannot be read: ${reason}.`, undefined, { cause: error })
  }
}

function readUrl(text: string, whose: string, example: string): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new Failure(exitCodes.usage, `Expected the URL of ${whose}, such as ${example}; got "${text}".`)
  if (url.username !== '' || url.password !== '')
    // Not quoted: there is a password in it.
    throw new Failure(
      exitCodes.usage,
      `The URL of ${whose} must not hold a name or a password.`,
      'Name a file with an API key in PLAYTRAIL_KIBANA_API_KEY_FILE.'
    )
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

interface Meaning {
  exitCode: ExitCode
  message: (detail: string, connection: KibanaConnection) => string
  hint: string
}

const { refused, unreachable } = exitCodes
const privileges =
  'The API key’s user needs, in this space, Saved Objects Management: All, or Dashboard, Discover and Data View Management: All.'

const meanings: Record<KibanaErrorCode, Meaning> = {
  unreachable: {
    exitCode: unreachable,
    message: (detail, { url }) => `Kibana at ${url.href} cannot be reached: ${detail}.`,
    hint: 'Name it with --url or PLAYTRAIL_KIBANA_URL, its certificates with PLAYTRAIL_KIBANA_CA_FILE.'
  },
  starting: {
    exitCode: unreachable,
    message: (detail, { url }) => `Kibana at ${url.href} is starting, or waits for Elasticsearch: ${detail}.`,
    hint: 'Try again in a minute. If it stays so, Kibana’s log says what it waits for.'
  },
  not_kibana: {
    exitCode: refused,
    message: (detail, { url }) => `The answer from ${url.href} is not one of Kibana: ${detail}.`,
    hint: 'Name Kibana with --url; if it has a path of its own (server.basePath), with that path.'
  },
  version_unsupported: {
    exitCode: refused,
    message: (version) =>
      `This is Kibana ${version}; the dashboards are written for 8.10 and newer 8.x, and 9.x.`,
    hint: 'Nothing was imported.'
  },
  key_missing: {
    exitCode: refused,
    message: (detail) => `Kibana asks who you are: ${detail}.`,
    hint: 'Name a file with an encoded API key in PLAYTRAIL_KIBANA_API_KEY_FILE.'
  },
  key_refused: {
    exitCode: refused,
    message: (detail) => `Kibana refuses the API key: ${detail}.`,
    hint: 'It may have expired or been revoked, or be one of another cluster.'
  },
  forbidden: {
    exitCode: refused,
    message: (detail) => `The API key must not import dashboards: ${detail}.`,
    hint: privileges
  },
  no_such_space: {
    exitCode: refused,
    message: (detail, { space }) => `There is no space ${space} in this Kibana: ${detail}.`,
    hint: 'The space is named as in Kibana’s addresses (/s/<space>/); leave out --space for the default one.'
  },
  conflict: {
    exitCode: refused,
    message: (detail) => `Kibana did not replace what is there: ${detail}.`,
    hint: 'Somebody may be importing at the same time: try again. Or delete the objects named playtrail-… under Stack Management, Saved Objects.'
  },
  objects_refused: {
    exitCode: refused,
    message: (detail) => `Kibana did not take everything: ${detail}.`,
    hint: 'What it took stays; importing again is safe.'
  },
  too_new: {
    exitCode: refused,
    message: (detail) => `This Kibana is older than the dashboards: ${detail}.`,
    hint: 'They are written for Kibana 8.10 and newer.'
  },
  refused: {
    exitCode: refused,
    message: (detail) => `Kibana refused the import: ${detail}.`,
    hint: 'Kibana’s log says more.'
  }
}

function failureOf(error: KibanaError, connection: KibanaConnection): Failure {
  const { exitCode, message, hint } = meanings[error.code]
  // Kibana's own sentences may end in a full stop already.
  return new Failure(exitCode, message(error.message.replace(/\.$/, ''), connection), hint, { cause: error })
}
