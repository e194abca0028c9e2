import type { TestContext } from 'node:test'

/** What a test leaves behind is ended here; `t` is the test's context, or anything with its `after`. */
export type Ending = Pick<TestContext, 'after'>

const endings = new WeakMap<Ending, (() => unknown)[]>()

/**
 * Runs `end` when the test ends, the latest first: a service stops before its folder is removed. (The
 * runner's own `after` goes the other way round.)
 */
export function onEnd(t: Ending, end: () => unknown): void {
  const known = endings.get(t)
  if (known !== undefined) {
    known.push(end)
    return
  }
  const stack = [end]
  endings.set(t, stack)
  t.after(async () => {
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) await next()
  })
}
