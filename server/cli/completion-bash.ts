import type { Completed } from './completion.ts'

/** A script for bash 3.2 and newer, which needs nothing else: not all systems have bash-completion. */
export function bashScript(program: string, commands: readonly Completed[]): string {
  const name = `_${program.replaceAll('-', '_')}`
  return `# Completion of ${program} for bash: eval "$(${program} completion bash)"
${name}() {
  COMPREPLY=()
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path=${program} at next
  # bash takes --status=failed apart.
  if [ "$word" = = ]; then word=
  elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  # The commands before this word; a word that is none of them is an argument, or the value of an option.
  for ((at = 1; at < COMP_CWORD; at++)); do
    next="$path \${COMP_WORDS[at]}"
    case "$next" in
      ${commands.map(({ path }) => quoted(path)).join('|')}) path=$next ;;
    esac
  done
  local commands= options= values=
  case "$path" in
${commands.map(commandCase).join('\n')}
  esac
  case "$path $before" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$word")) ;;
  esac
}
complete -o bashdefault -o default -F ${name} ${program}
`
}

function commandCase({ path, commands, options, choices }: Completed): string {
  const words = [...commands.map(({ name }) => name), ...choices]
  const flags = options.flatMap((option) => option.flags)
  return `    ${quoted(path)}) commands=${quoted(words.join(' '))} options=${quoted(flags.join(' '))} ;;`
}

/** Options whose value is completed, or left to bash, which knows files. */
function valueCases({ path, options }: Completed): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, choices }) => {
      const before = flags.map((flag) => quoted(`${path} ${flag}`)).join('|')
      const reply =
        choices.length === 0 ? '' : `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$word")); `
      return `    ${before}) ${reply}return ;;`
    })
}

/** Within single quotes nothing has a meaning. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
