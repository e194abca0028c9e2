/** What is wrong with a setting, where that can be said better than by what all its values have in common. */
export class SettingMistake extends Error {
  override readonly name = 'SettingMistake'
  /** The part of the setting that is wrong. */
  readonly got: string

  /** @param expected goes on after "expected" */
  constructor(expected: string, got: string) {
    super(expected)
    this.got = got
  }
}
