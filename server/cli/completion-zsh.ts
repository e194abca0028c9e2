import type { Completed, CompletedOption } from './completion.ts'
import { quoted } from './completion-bash.ts'

/** A script for zsh's completion system, to be kept as `_playtrail` in a folder of `$fpath`. */
export function zshScript(program: string, commands: readonly Completed[]): string {
  return `#compdef ${program}
# Completion of ${program} for zsh: ${program} completion zsh > ~/.zfunc/_${program}
${commands.map((command) => functionOf(command)).join('\n')}
if [ "$funcstack[1]" = _${program} ]; then _${nameOf(program)} "$@"; else compdef _${nameOf(program)} ${program}; fi
`
}

function functionOf({ path, commands, options, choices }: Completed): string {
  const specs = options.map(specOf)
  if (commands.length === 0) {
    const rest = choices.length === 0 ? '_files' : `(${choices.join(' ')})`
    return `_${nameOf(path)}() {\n  _arguments -s ${[...specs, quoted(`*::argument:${rest}`)].join(' ')}\n}\n`
  }
  const names = commands.map(({ name, description }) => quoted(`${escaped(name)}:${description}`))
  const cases = commands.map(({ name }) => `      ${name}) _${nameOf(`${path} ${name}`)} ;;`)
  return `_${nameOf(path)}() {
  local context state line
  typeset -A opt_args
  local -a commands=(${names.join(' ')})
  _arguments -s -C ${[...specs, "'1:command:->command'", "'*::argument:->argument'"].join(' ')}
  case $state in
    command) _describe command commands ;;
    argument) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}
`
}

/** For example `'(-q --query)'{-q,--query}'[what to look for]:value:'`. */
function specOf({ flags, description, takesValue, choices }: CompletedOption): string {
  const action = choices.length === 0 ? '_files' : `(${choices.join(' ')})`
  const tail = quoted(`[${bracketed(description)}]${takesValue ? `:value:${action}` : ''}`)
  const [first = ''] = flags
  if (flags.length === 1) return `${quoted(first)}${tail}`
  return `${quoted(`(${flags.join(' ')})`)}{${flags.join(',')}}${tail}`
}

function nameOf(path: string): string {
  return path.replaceAll(/[ -]/g, '_')
}

function escaped(text: string): string {
  return text.replaceAll(':', '\\:')
}

function bracketed(text: string): string {
  return text.replaceAll(/[[\]\\:]/g, '\\$&')
}
