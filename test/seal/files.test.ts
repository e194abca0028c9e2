import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBundle, encodeBundle } from '../../server/seal/bundle.ts'
import { levelsOf, parseTilePath, type Tile, tileAt, tilePath, tilesOnLevel } from '../../server/seal/tile.ts'

const anyTile: fc.Arbitrary<Tile> = fc
  .tuple(
    fc.oneof(fc.constant('entries' as const), fc.nat({ max: 63 })),
    fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: Number.MAX_SAFE_INTEGER })),
    fc.integer({ min: 1, max: 256 })
  )
  .map(([level, index, width]) => ({ level, index, width }))

test('tiles lie where the specification says', () => {
  assert.equal(tilePath({ level: 0, index: 0, width: 256 }), 'tile/0/000')
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067')
  assert.equal(tilePath({ level: 'entries', index: 273, width: 112 }), 'tile/entries/273.p/112')
  assert.equal(tilePath({ level: 1, index: 1_000, width: 1 }), 'tile/1/x001/000.p/1')
})

test('a tree of 70,000 leaves has the tiles that the specification counts', () => {
  assert.deepEqual(tilesOnLevel(70_000, 0), { full: 273, partial: 112 })
  assert.deepEqual(tilesOnLevel(70_000, 1), { full: 1, partial: 17 })
  assert.deepEqual(tilesOnLevel(70_000, 2), { full: 0, partial: 1 })
  assert.deepEqual([0, 1, 255, 256, 65_535, 65_536, 70_000].map(levelsOf), [0, 1, 1, 2, 2, 3, 3])
  assert.equal(tileAt(70_000, 0, 273)?.width, 112)
  assert.equal(tileAt(70_000, 0, 274), undefined)
  assert.equal(tileAt(256, 0, 1), undefined)
})

test('a path leads back to its tile', () => {
  fc.assert(fc.property(anyTile, (tile) => assert.deepEqual(parseTilePath(tilePath(tile)), tile)))
})

test('a path that is not written as the specification says is none', () => {
  for (const path of [
    '',
    'tile/0',
    'tile/0/0',
    'tile/0/00',
    'tile/00/000',
    'tile/-1/000',
    'tile/64/000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/257',
    'tile/0/000.p',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../0/000',
    'tile/data/000',
    'tile/8/0/000',
    'tile/0/x999/x999/x999/x999/x999/999'
  ])
    assert.equal(parseTilePath(path), undefined, path)
})

const anyEntries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 })

test('a bundle gives back the entries it was made of', () => {
  fc.assert(
    fc.property(anyEntries, (entries) => {
      const decoded = decodeBundle(encodeBundle(entries), entries.length)
      assert.deepEqual(
        decoded.map((entry) => Buffer.from(entry)),
        entries.map((entry) => Buffer.from(entry))
      )
    })
  )
  const longest = Buffer.alloc(65_535, 1)
  assert.ok(decodeBundle(encodeBundle([longest]), 1)[0]?.equals(longest))
  assert.throws(() => encodeBundle([Buffer.alloc(65_536)]), RangeError)
})

test('a bundle that was cut, or goes on behind its entries, is not one', () => {
  const bundle = encodeBundle([Buffer.from('one'), Buffer.from('two'), Buffer.alloc(0)])
  for (let cut = 0; cut < bundle.length; cut++)
    assert.throws(() => decodeBundle(bundle.subarray(0, cut), 3), { name: 'BadEvidence' }, `${cut} bytes`)
  assert.throws(() => decodeBundle(bundle, 2), { name: 'BadEvidence' })
  assert.throws(() => decodeBundle(bundle, 4), { name: 'BadEvidence' })
})
