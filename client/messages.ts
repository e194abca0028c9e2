/** One message of a stream of Server-Sent Events. */
export interface Message {
  /** Where the stream goes on after this one; undefined until the server has said it. */
  id: string | undefined
  event: string
  data: string
}

/**
 * The messages of a text/event-stream (WHATWG HTML, section 9.2), however it is cut into pieces. `onId` hears of each
 * id, also of one that comes without a message: a stream may move on where there was nothing to say.
 */
export async function* messagesIn(
  pieces: AsyncIterable<string>,
  onId: (id: string) => void = () => undefined
): AsyncGenerator<Message, void, undefined> {
  const read = createReader(onId)
  let rest = ''
  for await (const piece of pieces) {
    // A carriage return at the end may be half of a line end.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = read(line)
      if (message !== undefined) yield message
    }
  }
}

/** Takes a stream line by line, and returns a message when its last line is there. */
function createReader(onId: (id: string) => void): (line: string) => Message | undefined {
  let id: string | undefined
  let event = ''
  let data: string[] = []

  function end(): Message | undefined {
    const message = { id, event: event || 'message', data: data.join('\n') }
    const isMessage = data.length > 0
    event = ''
    data = []
    if (isMessage) return message
    if (id !== undefined) onId(id)
    return undefined
  }

  return (line) => {
    if (line === '') return end()
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
    return undefined
  }
}
