import { audit } from './audit.ts'
import { kql } from './columns.ts'
import { dataViews } from './data-views.ts'
import { type Fields, mappedFields } from './fields.ts'
import { hosts } from './hosts.ts'
import { compilePanel, type Reference, searchId } from './panels.ts'
import { playbookRuns } from './playbook-runs.ts'
import type { ChartPanel, Choice, Dashboard, DocumentsPanel } from './source.ts'
import { tasks } from './tasks.ts'

/** One line of what Kibana imports. Attributes whose names end in JSON are strings of JSON. */
export interface SavedObject {
  id: string
  type: string
  /**
   * The oldest versions that serve: a newer Kibana brings older objects to its own form, but one that is older than
   * an object refuses it.
   */
  coreMigrationVersion: string
  typeMigrationVersion: string
  managed: boolean
  references: Reference[]
  attributes: Record<string, unknown>
}

export const dashboards: readonly Dashboard[] = [playbookRuns, hosts, tasks, audit]

/** Every object, data views first, so that what is referred to is there before it is. */
export function savedObjects(playtrailUrl: string): SavedObject[] {
  const { events, runs } = mappedFields()
  const fieldsOf = ({ of }: Pick<ChartPanel, 'of'>): Fields => (of === 'playtrail-runs' ? runs : events)
  return [
    ...dataViews(playtrailUrl),
    ...dashboards.flatMap(searches),
    ...dashboards.map((dashboard) => dashboardObject(dashboard, fieldsOf))
  ]
}

export function asNdjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('')
}

function searches({ id, title, panels }: Dashboard): SavedObject[] {
  return panels
    .filter((panel): panel is DocumentsPanel => panel.chart === 'documents')
    .map((panel) => ({
      id: searchId(id, panel),
      type: 'search',
      coreMigrationVersion: '8.8.0',
      typeMigrationVersion: '8.0.0',
      managed: false,
      references: [
        { type: 'index-pattern', id: panel.of, name: 'kibanaSavedObjectMeta.searchSourceJSON.index' }
      ],
      attributes: {
        title: `${panel.title} (Playtrail, ${title})`,
        description: '',
        columns: [...panel.columns],
        sort: [['@timestamp', 'desc']],
        grid: {},
        hideChart: true,
        isTextBasedQuery: false,
        timeRestore: false,
        kibanaSavedObjectMeta: {
          searchSourceJSON: JSON.stringify({
            query: kql(panel.where),
            filter: [],
            indexRefName: 'kibanaSavedObjectMeta.searchSourceJSON.index'
          })
        }
      }
    }))
}

function dashboardObject(
  { id, title, description, choices, panels }: Dashboard,
  fieldsOf: (panel: Pick<ChartPanel, 'of'>) => Fields
): SavedObject {
  const compiled = panels.map((panel) =>
    compilePanel(panel, id, panel.chart === 'text' ? new Map() : fieldsOf(panel))
  )
  // A list speaks to all panels, whatever their data view; its own values come from this one.
  const choicesOf = id === 'playbook-runs' ? 'playtrail-runs' : 'playtrail-events'
  return {
    id: `playtrail-${id}`,
    type: 'dashboard',
    coreMigrationVersion: '8.8.0',
    typeMigrationVersion: '8.9.0',
    managed: false,
    references: [
      ...compiled.flatMap(({ references }) => references),
      ...choices.map(({ field }) => ({
        type: 'index-pattern',
        id: choicesOf,
        name: `controlGroup_${choiceId(field)}:optionsListDataView`
      }))
    ],
    attributes: {
      title: `Playtrail: ${title}`,
      description,
      version: 1,
      timeRestore: true,
      timeFrom: 'now-7d',
      timeTo: 'now',
      panelsJSON: JSON.stringify(compiled.map(({ panel }) => panel)),
      optionsJSON: JSON.stringify({
        useMargins: true,
        syncColors: true,
        syncCursor: true,
        syncTooltips: false,
        hidePanelTitles: false
      }),
      controlGroupInput: controls(choices, choicesOf),
      kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify({ query: kql(''), filter: [] }) }
    }
  }
}

function controls(choices: readonly Choice[], dataViewId: string): Record<string, unknown> {
  const panels = choices.map(({ field, title }, order) => [
    choiceId(field),
    {
      type: 'optionsListControl',
      order,
      grow: true,
      width: 'medium',
      explicitInput: {
        id: choiceId(field),
        dataViewId,
        fieldName: field,
        title,
        searchTechnique: 'wildcard',
        selectedOptions: [],
        sort: { by: '_count', direction: 'desc' },
        enhancements: {}
      }
    }
  ])
  return {
    controlStyle: 'oneLine',
    chainingSystem: 'HIERARCHICAL',
    ignoreParentSettingsJSON: JSON.stringify({
      ignoreFilters: false,
      ignoreQuery: false,
      ignoreTimerange: false,
      ignoreValidations: false
    }),
    panelsJSON: JSON.stringify(Object.fromEntries(panels))
  }
}

function choiceId(field: string): string {
  return field.replaceAll('.', '-')
}
