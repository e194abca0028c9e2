import { runLinkTemplate } from '../server/kibana/run-link.ts'
import type { SavedObject } from './saved-objects.ts'
import type { DataViewId } from './source.ts'

const names: Record<DataViewId, string> = {
  'playtrail-events': 'Playtrail: events',
  'playtrail-runs': 'Playtrail: runs'
}

/** The data views, whose formats hold on every panel and in Discover. */
export function dataViews(playtrailUrl: string): SavedObject[] {
  return Object.entries(names).map(([id, name]) => ({
    id,
    type: 'index-pattern',
    coreMigrationVersion: '8.8.0',
    typeMigrationVersion: '8.0.0',
    managed: false,
    references: [],
    attributes: {
      // The alias of the same name.
      title: id,
      name,
      timeFieldName: '@timestamp',
      fields: '[]',
      fieldAttrs: '{}',
      sourceFilters: '[]',
      runtimeFieldMap: '{}',
      typeMeta: '{}',
      fieldFormatMap: JSON.stringify(formats(playtrailUrl))
    }
  }))
}

function formats(playtrailUrl: string): Record<string, { id: string; params: Record<string, unknown> }> {
  return {
    'run.id': {
      id: 'url',
      params: {
        type: 'a',
        urlTemplate: runLinkTemplate(playtrailUrl),
        labelTemplate: '{{value}}',
        openLinkInCurrentTab: false
      }
    },
    'event.duration': {
      id: 'duration',
      params: {
        inputFormat: 'nanoseconds',
        outputFormat: 'humanizePrecise',
        outputPrecision: 1,
        includeSpaceWithSuffix: true,
        useShortSuffix: true
      }
    }
  }
}
