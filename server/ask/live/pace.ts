import type { limits } from '../../limits.ts'

/** How much, and how often: as `limits` has it, and otherwise in tests. */
export type Pace = Record<
  keyof typeof limits &
    `live${'ClientsMax' | 'RecordsBackMax' | 'ProgressMs' | 'HeartbeatMs' | 'DrainMsMax' | 'RetryMs' | 'ReaderIdleMsMax'}`,
  number
>
