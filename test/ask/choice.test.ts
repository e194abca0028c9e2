import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  choiceOf,
  chosenOf,
  fieldsParameter,
  leavesOf,
  fieldValue as valueAt
} from '../../server/ask/choice.ts'
import { indexedEvent, runDocument } from '../../server/ask/documents.ts'
import { Problem } from '../../server/errors.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { ask } from './app.ts'

function fieldValue(of: object, name: string): unknown {
  return valueAt(of, name.split('.'))
}

const document = {
  run: { id: '1', name: 'site.yml' },
  user: { name: 'alice', effective: { name: 'root' } },
  ansible: {
    diff: [{ path: '/etc/a', unified: '+a' }, { path: '/etc/b' }],
    task: { tags: ['web', 'db'], name: 'install' }
  },
  labels: { team: 'blue' }
}

test('fields and groups are chosen, and nothing else is answered', () => {
  const chosen = (names: string): object => chosenOf(document, choiceOf(names.split(',')))
  assert.deepEqual(chosen('run.id'), { run: { id: '1' } })
  assert.deepEqual(chosen('run,user.effective'), { run: document.run, user: { effective: { name: 'root' } } })
  assert.deepEqual(chosen('user.name,user'), { user: document.user })
  assert.deepEqual(chosen('user,user.name'), { user: document.user })
  assert.deepEqual(chosen('labels.team,ansible.task.tags'), {
    ansible: { task: { tags: ['web', 'db'] } },
    labels: { team: 'blue' }
  })
})

test('a label that is called like a member of every object is chosen as any other', () => {
  const labels: object = JSON.parse('{"labels":{"__proto__":"blue","constructor":"red"}}')
  for (const name of ['__proto__', 'constructor']) {
    const choice = choiceOf([`labels.${name}`])
    assert.equal(fieldValue(chosenOf(labels, choice), `labels.${name}`), fieldValue(labels, `labels.${name}`))
    assert.deepEqual(leavesOf(choice.names, indexedEvent), [`labels.${name}`])
  }
  assert.equal(
    JSON.stringify(chosenOf(labels, choiceOf(['labels.__proto__']))),
    '{"labels":{"__proto__":"blue"}}'
  )
})

test('of a list of objects each has what was chosen of it', () => {
  assert.deepEqual(chosenOf(document, choiceOf(['ansible.diff.unified'])), {
    ansible: { diff: [{ unified: '+a' }, {}] }
  })
  assert.deepEqual(fieldValue(document, 'ansible.diff.path'), ['/etc/a', '/etc/b'])
})

test('what a document does not have is left out, with the objects around it', () => {
  assert.deepEqual(chosenOf(document, choiceOf(['run.status', 'vcs.commit', 'run.id.x'])), {})
})

test('whatever is chosen has the value of the document, and choosing it again changes nothing', () => {
  const names = ['run', 'run.id', 'user.effective.name', 'user', 'ansible.task.tags', 'labels', 'vcs.commit']
  fc.assert(
    fc.property(fc.subarray(names, { minLength: 1 }), (given) => {
      const choice = choiceOf(given)
      const chosen = chosenOf(document, choice)
      for (const name of given) assert.deepEqual(fieldValue(chosen, name), fieldValue(document, name))
      assert.deepEqual(chosenOf(chosen, choice), chosen)
    })
  )
})

test('a group has a column for each field below it, and a list has one', () => {
  assert.deepEqual(leavesOf(['user', 'ansible.diff', 'labels'], indexedEvent), [
    'user.name',
    'user.id',
    'user.origin',
    'user.effective.name',
    'user.effective.id',
    'ansible.diff',
    'labels'
  ])
  assert.deepEqual(leavesOf(['labels.team', 'ansible.diff.path', 'run.id', 'run.id'], indexedEvent), [
    'labels.team',
    'ansible.diff.path',
    'run.id'
  ])
})

test('a field that is not there is refused, and the nearest one named', () => {
  const fields = fieldsParameter(indexedEvent)
  const refused = {
    'usr.name': /got "usr\.name"\. Did you mean "user\.name"\?/,
    'run.id,stderr': /got "stderr"\. Did you mean "ansible\.result\.stderr"\?/,
    'ansible.hst': /Did you mean "ansible\.hosts"\?/,
    'xyzzy-plugh': /There is @timestamp, .*user/,
    'run.id,': /got ""/,
    'run.id.x': /got "run\.id\.x"/,
    __proto__x: /expected fields of this list/,
    'run.constructor': /expected fields of this list/
  }
  for (const [given, message] of Object.entries(refused)) {
    assert.throws(
      () => fields.read(given, 'fields', 0),
      (error) =>
        error instanceof Problem && error.code === 'parameter_invalid' && message.test(error.message),
      given
    )
  }
  assert.deepEqual(fields.read('run.id, labels.any-name', 'fields', 0).names, ['run.id', 'labels.any-name'])
  assert.throws(() => fieldsParameter(runDocument).read('host.name', 'fields', 0), /"host\.name"/)
})

test('every list and one run answer the fields that were chosen', async (t) => {
  const site = runOfEvents(Date.UTC(2026, 10, 5, 9, 30))
  const { get } = await ask(t, [site.started(), site.result('web-1', 'changed'), site.finished('changed')])
  const { body: page } = await get('/v1/events?fields=host.name,event.action&limit=2')
  assert.deepEqual(page.items, [
    { event: { action: 'run.finished' } },
    { host: { name: 'web-1' }, event: { action: 'host.result' } }
  ])
  const { body: next } = await get(`/v1/events?fields=event.action&cursor=${page.next}`)
  assert.deepEqual(next.items, [{ event: { action: 'run.started' } }])
  assert.deepEqual((await get('/v1/runs?fields=run.id,playtrail.results.changed')).body.items, [
    { run: { id: site.id }, playtrail: { results: { changed: 1 } } }
  ])
  assert.deepEqual((await get(`/v1/runs/${site.id}/results?fields=ansible.result`)).body.items, [
    { ansible: { result: { status: 'changed' } } }
  ])
  assert.deepEqual((await get(`/v1/runs/${site.id}?fields=run.status`)).body, { run: { status: 'changed' } })
  const refused = await get('/v1/runs?fields=run.ids')
  assert.equal(refused.body.code, 'parameter_invalid')
  assert.match(refused.body.detail, /Did you mean "run\.id"\?/)
})
