import fc from 'fast-check'

// Values that events are made of and queries ask for: few, so that what is asked for is often there, and odd, so that
// it shows where two readings part.

const names = [
  'web-1',
  'WEB-1',
  'Web-1',
  'web-10',
  'db_1',
  'ok',
  'failed',
  'changed',
  'running',
  'a*b',
  'a?b',
  'a\\b',
  'a[b]c',
  'aXb',
  'two words',
  'AND',
  '(x)',
  '"quoted"',
  'ünï',
  'ÜNÏ',
  'u\u0308n',
  '日本語',
  '😀b',
  '/etc/nginx/nginx.conf',
  "it's: 100%",
  '-1',
  'true',
  '2026-11-05',
  'x'.repeat(300)
] as const

/** Keywords: whole values. An empty one is a value too. */
export const keywords = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...names) }, fc.constant(''))

/** Around the lengths beyond which a keyword is not found, in UTF-16 units. */
export const longKeywords = fc.constantFrom(
  'y'.repeat(1024),
  'y'.repeat(1025),
  '😀'.repeat(512),
  '😀'.repeat(513),
  'z'.repeat(4096),
  'z'.repeat(4097),
  'w'.repeat(8191),
  'w'.repeat(8192)
)

export const words = fc.constantFrom(
  'nginx',
  'Nginx',
  'NGINX',
  'install',
  'Installed',
  'web-07',
  'web',
  '07',
  'foo_bar',
  '_private',
  'foo',
  '1.26.0',
  '1.26',
  "it's",
  'it',
  'Straße',
  'STRASSE',
  'ΣΑΣ',
  'σασ',
  'İstanbul',
  'istanbul',
  'Kelvin',
  'é',
  'e\u0301',
  '日本語',
  '日',
  'テキスト',
  'ひらがな',
  '한국어',
  'สวัสดี',
  'Привет',
  'שלום',
  'عربي',
  'a:b',
  'a.b',
  '/etc/nginx/nginx.conf',
  'http://example.com/?q=1',
  'user@example.com',
  '1,000',
  '50%',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(600)
)
const separators = fc.constantFrom(
  ' ',
  ' ',
  ' ',
  '\n',
  '-',
  '/',
  ', ',
  '. ',
  '=',
  ': ',
  '  —  ',
  '_',
  '',
  "'",
  '"'
)

/** A text of several lines, or of none. */
export const texts = fc
  .array(fc.tuple(words, separators), { maxLength: 7 })
  .map((pairs) => pairs.flat().join(''))

export const numbers = fc.constantFrom(
  0,
  1,
  2,
  -1,
  7,
  5_000_000_000,
  4_294_967_295,
  -2_147_483_648,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER
)

export const dates = fc.constantFrom(
  '2026-11-05T09:30:00Z',
  '2026-11-05T09:30:00.000001Z',
  '2026-11-05T09:30:00.0009Z',
  '2026-11-05T09:30:00.001Z',
  '2026-11-05T09:30:00.999999999Z',
  '2026-11-05T23:59:59.999999Z',
  '2026-11-06T00:00:00.000Z',
  '1969-12-31T23:59:59.9999Z',
  '1970-01-01T00:00:00Z',
  '2100-02-28T12:00:00.5Z'
)

export const addresses = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  '10.0.1.0',
  '10.255.255.255',
  '11.0.0.0',
  '0.0.0.0',
  '255.255.255.255',
  '::ffff:10.0.0.1',
  '::1',
  '::',
  '2001:db8::1',
  '2001:0DB8:0:0:0:0:0:2',
  'fe80::1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
)

export const labelNames = fc.constantFrom('team', 'TEAM', 'my-team', 'os')
