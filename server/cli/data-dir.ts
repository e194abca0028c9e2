import { Option } from 'commander'
import { settings } from '../config.ts'

/** `--data-dir` for the commands that work on the data folder itself, without a server. */
export function dataDirOption(): Option {
  const { flag, placeholder, meaning, env, fallback } = settings.dataDir
  return new Option(`${flag} ${placeholder}`, meaning).env(env).default(fallback)
}
