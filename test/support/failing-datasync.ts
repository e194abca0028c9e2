import { existsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

// Loaded into a process before its program: fdatasync fails there while a file of this name exists.
const switchedOn = process.env.DATASYNC_FAILS_IF_EXISTS ?? ''

const any = await open('/dev/null')
const handles: FileHandle = Object.getPrototypeOf(any)
await any.close()
const { datasync } = handles

handles.datasync = async function (this: FileHandle): Promise<void> {
  if (existsSync(switchedOn)) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  await datasync.call(this)
}
