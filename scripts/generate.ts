/** `npm run generate`: makes everything that is made from the schemas and from grafana/*.ts, and says what it wrote. */
import { writeFileSync } from 'node:fs'
import { generated } from './generated.ts'

for (const [path, text] of Object.entries(await generated())) {
  writeFileSync(path, text)
  console.log(`wrote ${path}`)
}
