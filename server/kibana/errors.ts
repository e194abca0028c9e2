/** Why Kibana did not take the dashboards. */
export type KibanaErrorCode =
  | 'unreachable'
  | 'starting'
  | 'not_kibana'
  | 'version_unsupported'
  | 'key_missing'
  | 'key_refused'
  | 'forbidden'
  | 'no_such_space'
  | 'conflict'
  | 'objects_refused'
  | 'too_new'
  | 'refused'

/** The message is the detail alone; the command line says what it means, and what to do. */
export class KibanaError extends Error {
  override readonly name = 'KibanaError'
  readonly code: KibanaErrorCode

  constructor(code: KibanaErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}
