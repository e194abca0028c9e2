import { type Command, Option } from 'commander'
import type { Setting } from '../config.ts'

/** A flag for each setting of a table, whose help also tells its variable and its default. */
export function addSettings(command: Command, settings: Readonly<Record<string, Setting<unknown>>>): void {
  for (const { flag, placeholder, meaning, env, fallback, isList } of Object.values(settings)) {
    const shown = fallback === '' ? env : `${env}, default ${fallback}`
    const option = new Option(`${flag} ${placeholder}`, `${meaning} (${shown})`)
    if (isList) option.argParser(lines)
    command.addOption(option)
  }
}

/** A flag that is given several times comes as lines. */
function lines(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before}\n${text}`
}
