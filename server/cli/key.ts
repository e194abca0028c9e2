import { Command } from 'commander'
import { openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { giveToOwner } from '../permissions.ts'
import { realLogDisk } from '../seal/disk.ts'
import { keyFiles, type LogKeys, makeKey, readKeys, vkeysOf } from '../seal/keys.ts'
import { dataDirOption } from './data-dir.ts'

/** `playtrail key list|add`: the log's signing keys, in the data folder itself. */
export function keyCommand(): Command {
  const key = new Command('key').description('the keys that sign the transparency log')
  key
    .command('list')
    .description('show the public keys, one a line, the oldest first')
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => {
      process.stdout.write(vkeysOf(keysIn(openDataFolder(dataDir).keys)))
    })
  key
    .command('add')
    .description(
      'make one more key, which signs beside the others from the next start on: docs/log-format.md'
    )
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => {
      const directory = openDataFolder(dataDir).keys
      const { origin } = keysIn(directory)
      const { keys } = makeKey(realLogDisk, directory, origin)
      giveToOwner(...keyFiles(realLogDisk, directory))
      const made = vkeysOf({ keys }).trimEnd().split('\n').at(-1)
      process.stdout.write(`${made}\n`)
      process.stderr.write(
        '\nStart the service again: from then on it signs with this key too. Give the public key to whoever checks the log, and\n' +
          'remove the older key’s file from keys/ when all of them have it.\n'
      )
    })
  return key
}

function keysIn(directory: string): LogKeys {
  const found = readKeys(realLogDisk, directory)
  if (found === undefined)
    throw new Fatal(
      `there is no key in ${directory} yet: the first one is made at the first start of the service.`
    )
  return found
}
