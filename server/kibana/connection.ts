/** Which Kibana to ask, and as whom. */
export interface KibanaConnection {
  /** Ends in a slash, so that paths can be put behind it: Kibana may have a folder of its own. */
  url: URL
  /** Kibana's space; undefined is the default one. */
  space: string | undefined
  /** As Elasticsearch gives it out in `encoded`. */
  apiKey: string | undefined
  /** Certificates to trust instead of the system's, PEM. */
  ca: string | undefined
  timeoutMs: number
}

/** A path of Kibana's within the space. */
export function inSpace({ space }: KibanaConnection, path: string): string {
  return space === undefined ? path : `s/${space}/${path}`
}
