/** Where people reach Playtrail, unless `playtrail setup kibana --playtrail-url` says something else. */
export const PLAYTRAIL_URL_DEFAULT = 'http://127.0.0.1:8470'

/** Path of one run below Playtrail's URL. */
const RUN_PATH = '/v1/runs/'

/** Kibana's template of a link to a run: Kibana puts the value of `run.id` in place of `{{value}}`. */
export function runLinkTemplate(playtrailUrl: string): string {
  return `${playtrailUrl.replace(/\/+$/, '')}${RUN_PATH}{{value}}`
}
