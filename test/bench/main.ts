/**
 * `npm run bench`: what docs/performance.md reports. `npm run bench -- events` or `-- callback` runs one of them;
 * `npm run bench:callback` runs the second at two sizes and beside ARA, or at those of `-- --sizes 20x50,200x50@50`.
 * Figures of a machine that does something else at the same time mean nothing: let it run alone.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCallback } from './callback.ts'
import { benchEvents } from './events.ts'

const { positionals: wanted, values: options } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string' }, peers: { type: 'boolean' } }
})
const benches = { events: benchEvents, callback: () => benchCallback(options) }

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
)
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}`)
  await bench()
}
