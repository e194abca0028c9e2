import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { test } from 'node:test'
import type { KeyDefinition } from '../../deploy/security.ts'
import { aliasesOf, DEFAULT_NAMESPACE, namesOf, STATE_INDEX } from '../../server/index/elasticsearch/names.ts'

interface Role {
  cluster: string[]
  indices: { names: string[]; privileges: string[] }[]
}

// Of Elasticsearch's own lists, those that we use.
const clusterPrivileges = ['manage_index_templates', 'monitor']
const writing = ['auto_configure', 'create_doc', 'create_index', 'index', 'manage']
const reading = ['read', 'view_index_metadata']

/** Names that the store uses, of a first and of a rebuilt index, and those to read from. */
const generations = [1, 2].map((generation) => namesOf(generation, DEFAULT_NAMESPACE))
const aliases = aliasesOf(DEFAULT_NAMESPACE)
const events = generations.map((names) => names.events)
const others = [...generations, aliases].flatMap(({ runs, results }) => [runs, results]).concat(STATE_INDEX)

function roleOf(name: string): Role {
  const file = new URL(`../../server/index/elasticsearch/api-keys/${name}.json`, import.meta.url)
  const definition: KeyDefinition = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(definition.name, `playtrail-${name}`)
  const roles = Object.entries(definition.role_descriptors)
  assert.deepEqual(
    roles.map(([role]) => role),
    [definition.name]
  )
  return roles[0]?.[1] as Role
}

function privilegesOn(role: Role, index: string): string[] {
  const found = role.indices.filter(({ names }) => names.some((pattern) => matchesGlob(index, pattern)))
  return [...new Set(found.flatMap(({ privileges }) => privileges))].sort()
}

test('the keys ask for privileges that Elasticsearch has, and for nothing outside of our names', () => {
  for (const name of ['setup', 'writer', 'reader']) {
    const { cluster, indices } = roleOf(name)
    for (const privilege of cluster) assert.ok(clusterPrivileges.includes(privilege), privilege)
    for (const { names, privileges } of indices) {
      for (const privilege of privileges) assert.ok([...writing, ...reading].includes(privilege), privilege)
      for (const pattern of names) assert.match(pattern, /^(?:logs-)?playtrail[-.]/)
    }
    for (const foreign of ['logs-other-default', '.kibana', '.security-7', 'playtrails']) {
      assert.deepEqual(privilegesOn(roleOf(name), foreign), [], foreign)
    }
  }
})

test('the writer adds events and cannot change or delete one; it updates runs, results and its state', () => {
  const writer = roleOf('writer')
  for (const index of events) {
    assert.deepEqual(privilegesOn(writer, index), ['auto_configure', 'create_doc', ...reading], index)
  }
  for (const index of others) {
    assert.deepEqual(privilegesOn(writer, index), ['index', ...reading], index)
  }
  assert.deepEqual(privilegesOn(writer, aliases.events), reading)
})

test('the reader reads everything of ours and writes nothing; setup manages, and reads only what it keeps in the state', () => {
  const managing = ['create_index', 'manage', 'view_index_metadata']
  for (const index of [...events, ...others, aliases.events]) {
    assert.deepEqual(privilegesOn(roleOf('reader'), index), reading, index)
    const isState = index === STATE_INDEX
    const wanted = isState ? [...managing, 'index', 'read'].sort() : managing
    assert.deepEqual(privilegesOn(roleOf('setup'), index), wanted, index)
  }
})
