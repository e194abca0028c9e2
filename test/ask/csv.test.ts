import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvLine } from '../../server/ask/csv.ts'

test('a line has what RFC 4180 says', () => {
  assert.equal(csvLine(['a', 'b c', 7, true]), 'a,b c,7,true\r\n')
  assert.equal(csvLine(['a,b', 'say "no"', 'two\nlines']), '"a,b","say ""no""","two\nlines"\r\n')
})

test('what is absent is empty, and an empty text is told from it', () => {
  assert.equal(csvLine([undefined, '', null]), ',"",\r\n')
})

test('lists and objects are JSON text', () => {
  assert.equal(csvLine([['web-1', 'web-2'], { a: 1 }]), '"[""web-1"",""web-2""]","{""a"":1}"\r\n')
})

test('a text that a spreadsheet would run is made a text, and a number stays one', () => {
  assert.equal(
    csvLine(['=cmd()', '+1', '-rw-r--r--', '@x', '\t=x', "'a", -1]),
    "'=cmd(),'+1,'-rw-r--r--,'@x,'\t=x,''a,-1\r\n"
  )
})

test('any texts are read back, and none begins like a formula', () => {
  const texts = fc.array(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n\'", a') })), {
    minLength: 1
  })
  fc.assert(
    fc.property(texts, (given) => {
      const cells = cellsOf(csvLine(given))
      for (const cell of cells) assert.doesNotMatch(cell, /^[=+\-@\t\r\n]/)
      assert.deepEqual(
        cells.map((cell) => cell.replace(/^'/, '')),
        given
      )
    })
  )
})

/** The cells of one line, read as RFC 4180 says. */
function cellsOf(line: string): string[] {
  const cells: string[] = []
  let at = 0
  while (at < line.length) {
    const [cell = ''] = /^(?:"(?:[^"]|"")*"|[^",\r\n]*)/.exec(line.slice(at)) ?? []
    cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    at += cell.length
    const end = line.slice(at)
    assert.ok(end.startsWith(',') || end === '\r\n', `"${line}" goes on with "${end}"`)
    at += end.startsWith(',') ? 1 : 2
    if (end === ',\r\n') cells.push('')
    if (end === ',\r\n') break
  }
  return cells
}
