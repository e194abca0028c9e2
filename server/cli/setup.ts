import { Command, Option } from 'commander'
import { DEFAULT_NAMESPACE } from '../index/elasticsearch/names.ts'
import { setUp } from '../index/elasticsearch/setup.ts'
import { templatesOf } from '../index/elasticsearch/templates.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { setupKibanaCommand } from './setup-kibana.ts'
import { addStoreOptions, elasticsearchOf, readStoreFlags, type StoreFlags } from './store-options.ts'

/** A number of days or hours, as Elasticsearch writes them. */
const RETENTION = /^[1-9][0-9]{0,5}[dh]$/

interface SetupFlags extends StoreFlags {
  dryRun?: boolean
  retention?: string
}

/** `playtrail setup …`: prepares what Playtrail works with. */
export function setupCommand(): Command {
  const setup = new Command('setup').description('prepare Elasticsearch and Kibana')
  const elasticsearch = new Command('elasticsearch')
    .description('make or upgrade the templates of the index (idempotent; needs an administrator’s key)')
    .addOption(
      new Option(
        '--retention <time>',
        'how long events are kept, such as 400d; without it as before, at first for ever'
      )
    )
    .addOption(new Option('--dry-run', 'print the requests instead of sending them'))
    .action(setUpElasticsearch)
  addStoreOptions(elasticsearch, ['store', 'elasticsearchApiKeyFile', 'elasticsearchCaFile'])
  return setup.addCommand(elasticsearch).addCommand(setupKibanaCommand())
}

async function setUpElasticsearch({ dryRun, retention, ...flags }: SetupFlags): Promise<void> {
  if (retention !== undefined && !RETENTION.test(retention)) {
    throw new Failure(
      exitCodes.usage,
      `--retention: expected a number of days or hours, such as 400d; got "${retention}"`
    )
  }
  const options = { namespace: DEFAULT_NAMESPACE, retention }
  if (dryRun) {
    for (const { kind, name, body } of templatesOf(options))
      process.stdout.write(`PUT /_${kind}_template/${name}\n${JSON.stringify(body, undefined, 2)}\n\n`)
    return
  }
  const client = elasticsearchOf(readStoreFlags(flags))
  try {
    for (const { name, did } of await setUp(client, options)) process.stdout.write(`${name}: ${did}\n`)
  } finally {
    await client.close()
  }
  process.stderr.write(
    '\nElasticsearch is set up. Start the service with the same --store, and the key of a writer (docs/elasticsearch.md).\n'
  )
}
