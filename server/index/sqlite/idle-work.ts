import type { MessagePort } from 'node:worker_threads'

/**
 * Does one step after the other while no message waits at the port, until `step` says that nothing is left; it is
 * asked again after each message. Messages that came during a step are handled before the next one.
 */
export function workWhenIdle(port: MessagePort, step: () => boolean): void {
  let isDue = false

  function wake(): void {
    if (isDue) return
    isDue = true
    // Node runs it only when all messages that are there have been handled.
    setImmediate(() => {
      isDue = false
      if (didStep(step)) wake()
    })
  }

  port.on('message', wake)
  wake()
}

function didStep(step: () => boolean): boolean {
  try {
    return step()
  } catch {
    // Such as a full disk: the next write meets it too, and tells of it. The step is tried again after that.
    return false
  }
}
