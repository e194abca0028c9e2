import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { createToken, type Role, readTokens, revokeToken, roles } from '../access.ts'
import { openDataFolder } from '../data-folder.ts'
import { giveToOwner } from '../permissions.ts'
import { dataDirOption } from './data-dir.ts'

const NONE_MADE = 'There are no tokens yet.'
/** The door stays shut; access.ts says why. */
const ALL_REVOKED =
  'There are no tokens: all were revoked, and every request is refused until one is made with playtrail token create.'

/** `playtrail token create|list|revoke`: works on the data folder; a running server sees it at once. */
export function tokenCommand(): Command {
  const token = new Command('token').description('make, list and revoke the tokens of senders and readers')
  token
    .command('create')
    .description('make a token and show it once')
    .addOption(
      new Option('--role <role>', 'a sender writes, a reader reads').choices(roles).makeOptionMandatory()
    )
    .requiredOption('--name <name>', 'whose it is; it stands in every event that is sent with it')
    .addOption(dataDirOption())
    .action(({ role, name, dataDir }: { role: Role; name: string; dataDir: string }) => {
      const folder = openDataFolder(dataDir, { create: true })
      const made = createToken(folder.tokens, name, role, new Date())
      giveToOwner(folder.tokens)
      process.stdout.write(`${made}\n`)
      process.stderr.write(`\nThis is the only time the token is shown. ${hints[role]}\n`)
    })
  token
    .command('list')
    .description('show the tokens: names and roles, never the tokens themselves')
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => {
      const file = openDataFolder(dataDir).tokens
      const tokens = readTokens(file)
      if (tokens.length === 0) process.stderr.write(`${existsSync(file) ? ALL_REVOKED : NONE_MADE}\n`)
      for (const { name, role, created } of tokens) process.stdout.write(`${role}\t${name}\t${created}\n`)
    })
  token
    .command('revoke')
    .description('refuse a token from now on')
    .argument('<name>', 'name of the token')
    .addOption(dataDirOption())
    .action((name: string, { dataDir }: { dataDir: string }) => {
      const { tokens } = openDataFolder(dataDir)
      revokeToken(tokens, name)
      giveToOwner(tokens)
      process.stderr.write(`The token ${name} is refused from now on.\n`)
    })
  return token
}

const hints: Record<Role, string> = {
  sender:
    'Put it into a file that only Ansible’s user can read, and name that file as token_file in [callback_playtrail] of ansible.cfg.',
  reader: 'Give it to the command line as PLAYTRAIL_TOKEN, or in a file named by PLAYTRAIL_TOKEN_FILE.'
}
