// CSV as RFC 4180 has it: lines end with CR LF, what holds a comma, a quotation mark or an end of line stands in
// quotation marks, and a quotation mark within is written twice.
//
// A spreadsheet takes a text that begins with = + - @, a tab or an end of line for a formula, and runs it: what a host
// printed could send the sheet elsewhere. Such texts get an apostrophe in front, and so do texts that begin with one,
// so that taking away one apostrophe gives the text back. Numbers are written as they are.

const DANGEROUS = /^[=+\-@\t\r\n＝＋－＠']/
const TO_QUOTE = /[",\r\n]/

/** The line of names. They are ours, and `@timestamp` is to be found by that name. */
export function csvHead(names: readonly string[]): string {
  return `${names.map(quoted).join(',')}\r\n`
}

/** One line, with its end. Absent values are empty; lists and objects are JSON text. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(',')}\r\n`
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // In quotation marks, so that it is not taken for an absent value.
  if (text === '') return '""'
  return quoted(DANGEROUS.test(text) ? `'${text}` : text)
}

function quoted(text: string): string {
  return TO_QUOTE.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
