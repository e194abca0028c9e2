import { type Command, Option } from 'commander'
import { type Config, readConfig, settings } from '../config.ts'
import { Fatal } from '../errors.ts'
import { openClient } from '../index/elasticsearch/client.ts'
import { connectionOf } from '../index/open-store.ts'

const names = ['dataDir', 'store', 'elasticsearchApiKeyFile', 'elasticsearchCaFile'] as const

/** Flags of a command that works on the store itself, as `serve` has them. */
export type StoreFlags = Partial<Record<(typeof names)[number], string>>

/** Adds those flags, or only some of them. */
export function addStoreOptions(command: Command, wanted: readonly (keyof StoreFlags)[] = names): Command {
  for (const name of wanted) {
    const { flag, placeholder, meaning, env, fallback } = settings[name]
    const shown = fallback === '' ? env : `${env}, default ${fallback}`
    command.addOption(new Option(`${flag} ${placeholder}`, `${meaning} (${shown})`))
  }
  return command
}

/** The settings that these flags and the environment say. Throws ConfigurationError. */
export function readStoreFlags(flags: StoreFlags, env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]]))
  )
  return readConfig(given, env)
}

/** A client of the Elasticsearch of the settings. Throws Fatal where the store is another one. */
export function elasticsearchOf(config: Config): ReturnType<typeof openClient> {
  if (config.store.kind === 'elasticsearch') return openClient(connectionOf(config, config.store.url))
  throw new Fatal(
    'the store is `sqlite`, which needs no setup. Name an Elasticsearch with --store http://127.0.0.1:9200 or PLAYTRAIL_STORE.'
  )
}
