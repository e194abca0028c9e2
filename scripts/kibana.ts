/** `npm run kibana`: makes kibana/playtrail.ndjson of the dashboards' source. */
import { writeFileSync } from 'node:fs'
import { asNdjson, savedObjects } from '../kibana/saved-objects.ts'
import { PLAYTRAIL_URL_DEFAULT } from '../server/kibana/run-link.ts'

const path = 'kibana/playtrail.ndjson'
const objects = savedObjects(PLAYTRAIL_URL_DEFAULT)
writeFileSync(path, asNdjson(objects))
console.log(`wrote ${path}: ${objects.length} saved objects`)
