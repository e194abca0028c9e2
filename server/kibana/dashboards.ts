import { readFileSync } from 'node:fs'
import { PLAYTRAIL_URL_DEFAULT, runLinkTemplate } from './run-link.ts'

interface SavedObject {
  id: string
  type: string
  attributes: { title: string; fieldFormatMap?: string }
}

/** The saved objects of kibana/playtrail.ndjson, as they are sent. */
export interface Dashboards {
  ndjson: string
  objects: readonly SavedObject[]
}

/** What `npm run kibana` made, with links to the runs of the Playtrail at `playtrailUrl`. */
export function readDashboards(playtrailUrl: string): Dashboards {
  const text = readFileSync(new URL('../../kibana/playtrail.ndjson', import.meta.url), 'utf8')
  const objects = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => withLinks(JSON.parse(line) as SavedObject, playtrailUrl))
  return { objects, ndjson: objects.map((object) => `${JSON.stringify(object)}\n`).join('') }
}

/** Only the formats of data views name Playtrail. */
function withLinks(object: SavedObject, playtrailUrl: string): SavedObject {
  const { attributes } = object
  if (attributes.fieldFormatMap === undefined) return object
  const template = (url: string): string => JSON.stringify(runLinkTemplate(url))
  const fieldFormatMap = attributes.fieldFormatMap.replace(template(PLAYTRAIL_URL_DEFAULT), () =>
    template(playtrailUrl)
  )
  return { ...object, attributes: { ...attributes, fieldFormatMap } }
}
