import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asNdjson, dashboards, savedObjects } from '../../kibana/saved-objects.ts'
import { setupKibanaCommand } from '../../server/cli/setup-kibana.ts'
import { PLAYTRAIL_URL_DEFAULT } from '../../server/kibana/run-link.ts'
import { type Broken, brokenPanels, runs } from './broken.ts'
import { mistakesIn } from './checker.ts'
import { parseKql } from './kql.ts'
import { committedFile, panelsOf, parseObjects, type Saved } from './saved.ts'

test('kibana/playtrail.ndjson is what npm run kibana makes of its source', () => {
  assert.equal(committedFile(), asNdjson(savedObjects(PLAYTRAIL_URL_DEFAULT)))
})

test('the checker finds no mistake in kibana/playtrail.ndjson', () => {
  assert.deepEqual(mistakesIn(committedFile()), [])
})

test('there are four dashboards, and each begins with how to read it', () => {
  const saved = parseObjects(committedFile()).filter(({ type }) => type === 'dashboard')
  assert.deepEqual(
    saved.map(({ id }) => id),
    ['playtrail-playbook-runs', 'playtrail-hosts', 'playtrail-tasks', 'playtrail-audit']
  )
  for (const { panels } of dashboards) {
    assert.equal(panels[0]?.chart, 'text')
    assert.deepEqual(panels[0]?.place.slice(0, 3), [0, 0, 48])
  }
})

test('a run’s id is a link to Playtrail, in both data views', () => {
  for (const object of savedObjects('https://audit.example.org/playtrail/').slice(0, 2)) {
    const formats = JSON.parse(String(object.attributes.fieldFormatMap)) as Record<string, unknown>
    assert.deepEqual(formats['run.id'], {
      id: 'url',
      params: {
        type: 'a',
        urlTemplate: 'https://audit.example.org/playtrail/v1/runs/{{value}}',
        labelTemplate: '{{value}}',
        openLinkInCurrentTab: false
      }
    })
  }
})

test('every panel, option and variable is in docs/kibana.md', () => {
  const text = readFileSync(new URL('../../docs/kibana.md', import.meta.url), 'utf8')
  for (const { title, panels } of dashboards) {
    const section = text.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| (.+?) \|/gm)].map(([, panel]) => panel).slice(2)
    const shown = panels.filter(({ chart }) => chart !== 'text')
    assert.deepEqual(
      rows,
      shown.map((panel) => panel.title)
    )
  }
  for (const { flags } of setupKibanaCommand().options) assert.ok(text.includes(`\`${flags}\``), flags)
  for (const name of ['URL', 'API_KEY_FILE', 'CA_FILE'])
    assert.ok(text.includes(`\`PLAYTRAIL_KIBANA_${name}\``), name)
})

for (const broken of brokenPanels) {
  test(`the checker finds ${broken.what}`, () => {
    const mistakes = mistakesIn(withBroken(broken))
    assert.ok(
      mistakes.some((mistake) => broken.says.test(mistake)),
      `expected ${broken.says}, got:\n${mistakes.join('\n')}`
    )
  })
}

test('the checker finds what is wrong with an object', () => {
  const table: [what: string, change: (objects: Saved[]) => unknown, says: RegExp][] = [
    [
      'two of one id',
      (all) => all.push(structuredClone(all[0] ?? {})),
      /^index-pattern:playtrail-events: there are two of this id$/
    ],
    [
      'an unknown type',
      (all) => Object.assign(all[2] ?? {}, { type: 'query' }),
      /^query:.*: the type query is not known$/
    ],
    [
      'a version that is too new for Kibana 8.10',
      (all) => Object.assign(all.at(-1) ?? {}, { typeMigrationVersion: '10.2.0' }),
      /^dashboard:playtrail-audit: typeMigrationVersion is 10\.2\.0, not 8\.9\.0$/
    ],
    [
      'a data view that is not in the file',
      (all) => all.splice(1, 1),
      /the reference .* leads to nothing in the file: index-pattern:playtrail-runs$/
    ],
    [
      'a time that is none',
      (all) => Object.assign(all[0]?.attributes ?? {}, { timeFieldName: 'run.id' }),
      /^index-pattern:playtrail-events: run\.id is no time$/
    ],
    [
      'a format of a field that is not there',
      (all) => Object.assign(all[0]?.attributes ?? {}, { fieldFormatMap: '{"run.uuid":{"id":"url"}}' }),
      /^index-pattern:playtrail-events: there is no field run\.uuid, which has a format$/
    ],
    [
      'a column that is not there',
      (all) => Object.assign(all[2]?.attributes ?? {}, { columns: ['run.user'] }),
      /^search:playtrail-playbook-runs-latest-runs: there is no field run\.user, which is a column$/
    ],
    [
      'a list to choose from without a field',
      (all) => {
        const dashboard = all.find(({ id }) => id === runs)
        const group = dashboard?.attributes?.controlGroupInput as { panelsJSON: string }
        group.panelsJSON = group.panelsJSON.replace('"fieldName":"user.name"', '"fieldName":"user.login"')
      },
      /› user-name: there is no keyword user\.login to choose from$/
    ]
  ]
  for (const [what, change, says] of table) {
    const objects = parseObjects(committedFile())
    change(objects)
    const mistakes = mistakesIn(ndjsonOf(objects))
    assert.ok(
      mistakes.some((mistake) => says.test(mistake)),
      `${what}: expected ${says}, got:\n${mistakes.join('\n')}`
    )
  }
})

test('KQL beyond what the dashboards use is refused instead of misunderstood', () => {
  for (const query of [
    'run.name : site*',
    'site.yml',
    'run.name : "site yml"',
    'a : 1 b : 2',
    'a : (b or',
    'host : { name : x }'
  ])
    assert.throws(() => parseKql(query), /KQL that is not understood here/, query)
  assert.deepEqual(parseKql('not a : 1 and b > 2 or c : *').query, {
    bool: {
      should: [
        {
          bool: { filter: [{ bool: { must_not: [{ match: { a: '1' } }] } }, { range: { b: { gt: '2' } } }] }
        },
        { exists: { field: 'c' } }
      ],
      minimum_should_match: 1
    }
  })
})

function withBroken({ dashboard: id, panel: panelIndex, break: change }: Broken): string {
  const objects = parseObjects(committedFile())
  const dashboard = objects.find((object) => object.id === id)
  assert.ok(dashboard?.attributes)
  const panels = panelsOf(dashboard)
  const panel = panels.find((candidate) => candidate.panelIndex === panelIndex)
  assert.ok(panel)
  const layers = panel.embeddableConfig?.attributes?.state?.datasourceStates?.formBased?.layers
  change(panel, layers?.layer ?? {}, dashboard)
  dashboard.attributes.panelsJSON = JSON.stringify(panels)
  return ndjsonOf(objects)
}

function ndjsonOf(objects: readonly Saved[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n')
}
