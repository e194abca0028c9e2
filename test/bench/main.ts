/**
 * `npm run bench`: what docs/performance.md reports. `npm run bench -- events`, `-- callback` or `-- export` runs one of them;
 * `npm run bench:elasticsearch` measures the index in a real Elasticsearch.
 * `npm run bench:callback` runs the second at two sizes and beside ARA, or at those of `-- --sizes 20x50,200x50@50`.
 * Figures of a machine that does something else at the same time mean nothing: let it run alone.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCallback } from './callback.ts'
import { benchElasticsearch } from './elasticsearch.ts'
import { benchEvents } from './events.ts'
import { benchExport } from './export.ts'

const { positionals: wanted, values: options } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string' }, peers: { type: 'boolean' } }
})
const benches = {
  events: benchEvents,
  callback: () => benchCallback(options),
  export: benchExport,
  elasticsearch: benchElasticsearch
}

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
)
for (const [name, bench] of Object.entries(benches)) {
  // Elasticsearch is asked for by name: it has to be fetched first.
  if (wanted.length > 0 ? !wanted.includes(name) : name === 'elasticsearch') continue
  console.log(`\n${name}`)
  await bench()
}
