/**
 * Something that was given as evidence is none: a hash, signature, proof or file of the log does not hold, or
 * is not of the form that the specification says. The message says what was expected and what came.
 */
export class BadEvidence extends Error {
  override readonly name = 'BadEvidence'
}
