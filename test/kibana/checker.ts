import { type Fields, mappedFields } from '../../kibana/fields.ts'
import { checkKql, type Say } from './check-layer.ts'
import { checkGrid, checkPanel, type Surrounding } from './check-panel.ts'
import { type Kql, panelsOf, parseObjects, type Saved } from './saved.ts'

/** What every object of these types is written as, so that no Kibana that is supported finds it too new. */
const versions: Record<string, string> = { 'index-pattern': '8.0.0', search: '8.0.0', dashboard: '8.9.0' }

/**
 * Everything that would make Kibana refuse the file, or show a panel wrongly or empty, one line each, with the
 * dashboard and the panel that it is about.
 */
export function mistakesIn(ndjson: string): string[] {
  const mistakes: string[] = []
  const all = parseObjects(ndjson)
  const objects = new Map(all.map((object) => [`${object.type}:${object.id}`, object]))
  const fieldsOf = dataViewFields(objects)
  const seen = new Set<string>()
  for (const object of all) {
    const name = `${object.type}:${object.id}`
    const say: Say = (mistake) => mistakes.push(`${name}: ${mistake}`)
    if (seen.has(name)) say('there are two of this id')
    seen.add(name)
    checkObject(object, objects, say)
    if (object.type === 'index-pattern') checkDataView(object, fieldsOf(object.id ?? ''), say)
    if (object.type === 'search') checkSavedSearch(object, fieldsOf, say)
    if (object.type === 'dashboard')
      checkDashboard({ dashboard: object, objects, fieldsOf }, (where, mistake) =>
        mistakes.push(`${String(object.attributes?.title)} › ${where}: ${mistake}`)
      )
  }
  return mistakes
}

function dataViewFields(objects: ReadonlyMap<string, Saved>): (id: string) => Fields | undefined {
  const { events, runs } = mappedFields()
  const fields: Record<string, Fields> = { 'playtrail-events': events, 'playtrail-runs': runs }
  return (id) => fields[String(objects.get(`index-pattern:${id}`)?.attributes?.title)]
}

function checkObject(
  { type = '', id, coreMigrationVersion, typeMigrationVersion, references }: Saved,
  objects: ReadonlyMap<string, Saved>,
  say: Say
): void {
  if (id === undefined || !/^[a-z0-9-]+$/.test(id)) say('expected an id of small letters, digits and dashes')
  const version = versions[type]
  if (version === undefined) {
    say(`the type ${type} is not known`)
    return
  }
  if (coreMigrationVersion !== '8.8.0') say(`coreMigrationVersion is ${coreMigrationVersion}, not 8.8.0`)
  if (typeMigrationVersion !== version) say(`typeMigrationVersion is ${typeMigrationVersion}, not ${version}`)
  const names = new Set<string>()
  for (const { type: referredType, id: referredId, name } of references ?? []) {
    if (names.has(name)) say(`there are two references ${name}`)
    names.add(name)
    if (!objects.has(`${referredType}:${referredId}`))
      say(`the reference ${name} leads to nothing in the file: ${referredType}:${referredId}`)
  }
}

function checkDataView({ attributes = {} }: Saved, fields: Fields | undefined, say: Say): void {
  if (fields === undefined) {
    say(`there is no index behind the title ${String(attributes.title)}`)
    return
  }
  if (fields.get(String(attributes.timeFieldName)) !== 'date')
    say(`${String(attributes.timeFieldName)} is no time`)
  const formats = JSON.parse(String(attributes.fieldFormatMap ?? '{}')) as Record<string, { id?: string }>
  for (const [field, { id = '' }] of Object.entries(formats)) {
    const types: Record<string, string> = { url: 'keyword', duration: 'long' }
    if (fields.get(field) === undefined) say(`there is no field ${field}, which has a format`)
    else if (fields.get(field) !== types[id]) say(`the format ${id} does not fit ${field}`)
  }
}

function checkSavedSearch(
  { attributes = {}, references = [] }: Saved,
  fieldsOf: Surrounding['fieldsOf'],
  say: Say
): void {
  const { searchSourceJSON = '{}' } = (attributes.kibanaSavedObjectMeta ?? {}) as {
    searchSourceJSON?: string
  }
  const source = JSON.parse(searchSourceJSON) as { query?: Kql; indexRefName?: string }
  const reference = references.find(({ name }) => name === source.indexRefName)
  if (reference === undefined) {
    say('it has no reference to its data view')
    return
  }
  const fields = fieldsOf(reference.id)
  if (fields === undefined) {
    say(`there is no data view ${reference.id}`)
    return
  }
  const columns = (attributes.columns ?? []) as string[]
  if (columns.length === 0) say('it has no columns')
  for (const field of columns) if (!fields.has(field)) say(`there is no field ${field}, which is a column`)
  for (const [field, direction] of (attributes.sort ?? []) as [string, string][])
    if (
      !['date', 'keyword', 'long'].includes(fields.get(field) ?? '') ||
      !['asc', 'desc'].includes(direction)
    )
      say(`it cannot be sorted by ${field} ${direction}`)
  checkKql(source.query, fields, say)
}

function checkDashboard(surrounding: Surrounding, tell: (where: string, mistake: string) => void): void {
  const { dashboard } = surrounding
  const panels = panelsOf(dashboard)
  const sayOf = ({ title, panelIndex }: { title?: string; panelIndex?: string }): Say => {
    return (mistake) => tell(title ?? panelIndex ?? 'a panel without a title', mistake)
  }
  if (panels.length === 0) tell('panels', 'there are none')
  const indexes = new Set<string | undefined>()
  for (const panel of panels) {
    if (indexes.has(panel.panelIndex)) sayOf(panel)(`there are two panels ${panel.panelIndex}`)
    indexes.add(panel.panelIndex)
    checkPanel(panel, surrounding, sayOf(panel))
  }
  checkGrid(panels, sayOf)
  const choices = checkChoices(surrounding, tell)
  for (const { name } of dashboard.references ?? []) {
    const [owner = ''] = name.split(':')
    if (!indexes.has(owner) && !choices.includes(owner)) tell('references', `nothing uses ${name}`)
  }
}

interface SavedChoice {
  type?: string
  explicitInput?: { id?: string; fieldName?: string; dataViewId?: string }
}

/** The lists above the panels. Returns what their references begin with. */
function checkChoices(
  { dashboard, fieldsOf }: Surrounding,
  tell: (where: string, mistake: string) => void
): string[] {
  const { panelsJSON = '{}' } = (dashboard.attributes?.controlGroupInput ?? {}) as { panelsJSON?: string }
  const choices = Object.entries(JSON.parse(panelsJSON) as Record<string, SavedChoice>)
  for (const [id, { type, explicitInput: { id: ownId, fieldName = '', dataViewId = '' } = {} }] of choices) {
    const name = `controlGroup_${id}:optionsListDataView`
    const reference = dashboard.references?.find((candidate) => candidate.name === name)
    if (type !== 'optionsListControl') tell(id, `the control ${type} is not known`)
    if (ownId !== id) tell(id, `its id is ${ownId}`)
    if (reference?.id !== dataViewId) tell(id, `the dashboard has no reference ${name} to ${dataViewId}`)
    if (fieldsOf(dataViewId)?.get(fieldName) !== 'keyword')
      tell(id, `there is no keyword ${fieldName} to choose from`)
  }
  return choices.map(([id]) => `controlGroup_${id}`)
}
