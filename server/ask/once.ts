/**
 * Makes the value when it is first asked for, and gives the same one ever after. A request that is refused for its
 * parameters or its form costs nothing so, and the pages of an export are of one list.
 */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}
