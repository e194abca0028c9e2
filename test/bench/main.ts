/**
 * `npm run bench`: what docs/performance.md reports. `npm run bench -- events`, `-- callback` or `-- export` runs one of them;
 * `npm run bench:elasticsearch` measures the index in a real Elasticsearch.
 * `npm run bench:callback` runs the second at two sizes and beside ARA, or at those of `-- --sizes 20x50,200x50@50`.
 * `npm run bench -- growth` takes in events on top of histories of 0.5 and 5 million; 40 GB.
 * `npm run bench:query` measures questions to large histories, of `-- --sizes 500k,5M` events, and beside ARA.
 * Figures of a machine that does something else at the same time mean nothing: let it run alone.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCallback } from './callback.ts'
import { benchElasticsearch } from './elasticsearch.ts'
import { benchEvents } from './events.ts'
import { benchExport } from './export.ts'
import { benchGrowth } from './growth.ts'
import { benchQuery } from './query.ts'

const { positionals: wanted, values: options } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string' }, peers: { type: 'boolean' }, only: { type: 'string' } }
})
const benches = {
  events: benchEvents,
  growth: benchGrowth,
  callback: () => benchCallback(options),
  export: benchExport,
  elasticsearch: benchElasticsearch,
  query: () => benchQuery(options)
}
/** Elasticsearch has to be fetched first, and histories take many minutes to make. */
const onlyByName = new Set(['elasticsearch', 'query', 'growth'])

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
)
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 ? !wanted.includes(name) : onlyByName.has(name)) continue
  console.log(`\n${name}`)
  await bench()
}
