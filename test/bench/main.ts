/**
 * `npm run bench`: what docs/performance.md reports. `npm run bench -- events` or `-- callback` runs one of them.
 * Figures of a machine that does something else at the same time mean nothing: let it run alone.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { benchCallback } from './callback.ts'
import { benchEvents } from './events.ts'

const benches = { events: benchEvents, callback: benchCallback }
const wanted = process.argv.slice(2)

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
)
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}`)
  await bench()
}
