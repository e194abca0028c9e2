import { Argument, Command } from 'commander'
import { bashScript } from './completion-bash.ts'
import { fishScript } from './completion-fish.ts'
import { zshScript } from './completion-zsh.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'

/** A command as a shell completes it. */
export interface Completed {
  /** Names from the program on, for example `playtrail token create`. */
  path: string
  commands: { name: string; description: string }[]
  options: CompletedOption[]
  /** What the arguments may be, where that is known. */
  choices: string[]
}

export interface CompletedOption {
  /** `--status`, `-s`. */
  flags: string[]
  description: string
  takesValue: boolean
  /** What the value may be; where that is not known, it is a file or anything. */
  choices: string[]
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
const shells = Object.keys(scripts) as (keyof typeof scripts)[]

/** `playtrail completion`: a script that lets a shell complete all that the program knows. */
export function completionCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('completion')
    .description('print the script with which a shell completes commands, options and their values')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', help)
  return command.action(async (shell: keyof typeof scripts) => {
    const program = command.parent ?? command
    await print(surroundings.stdout, scripts[shell](program.name(), [...completedOf(program)]))
  })
}

/** The command and all below it. */
export function* completedOf(command: Command, parents = ''): Generator<Completed, void, undefined> {
  const path = `${parents}${command.name()}`
  const below = command.commands
  const seen = command.createHelp()
  const options = seen.visibleOptions(command).map((option) => ({
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? []
  }))
  yield {
    path,
    commands: seen
      .visibleCommands(command)
      .map((child) => ({ name: child.name(), description: child.description() })),
    options,
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  }
  for (const child of below) yield* completedOf(child, `${path} `)
}

const help = `
Examples:
  eval "$(playtrail completion bash)"
      for this bash; in ~/.bashrc for every one to come
  playtrail completion zsh > ~/.zfunc/_playtrail
      with \`fpath+=~/.zfunc\` before \`compinit\` in ~/.zshrc
  playtrail completion fish > ~/.config/fish/completions/playtrail.fish`
