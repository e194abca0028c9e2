import type { Completed, CompletedOption } from './completion.ts'

/** A script for fish 3, to be kept in `~/.config/fish/completions`. */
export function fishScript(program: string, commands: readonly Completed[]): string {
  const lines = commands.flatMap((command) => linesOf(program, command))
  return `# Completion of ${program} for fish: ${program} completion fish > ~/.config/fish/completions/${program}.fish
# Whether the words before are this command, and none below it. Others are arguments, or values of options.
function __${program}_at
  set -l path ${program}
  for word in (commandline -opc)[2..]
    if contains -- "$path $word" ${commands.map(({ path }) => quoted(path)).join(' ')}
      set path "$path $word"
    end
  end
  test "$path" = "$argv[1]"
end
complete -c ${program} -f
${lines.join('\n')}
`
}

function linesOf(program: string, { path, commands, options, choices }: Completed): string[] {
  const start = `complete -c ${program} -n ${quoted(`__${program}_at ${quoted(path)}`)}`
  return [
    ...commands.map(({ name, description }) => `${start} -a ${name} -d ${quoted(description)}`),
    ...choices.map((choice) => `${start} -a ${quoted(choice)}`),
    ...options.map((option) => `${start} ${optionOf(option)}`)
  ]
}

function optionOf({ flags, description, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r -F'] : []
  return [...names, ...value, `-d ${quoted(description)}`].join(' ')
}

/** In single quotes of fish, a backslash and the quote itself are written with a backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
