import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

/** A message as the HTML standard says that it is read. */
export interface Message {
  event: string
  /** The last id when it was read. */
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  data: any
}

/** A client of Server-Sent Events on a socket of its own. */
export interface EventStream {
  response: IncomingMessage
  /** What the server advised, in milliseconds. */
  readonly retryMs: number | undefined
  readonly lastId: string
  /** The blocks that held no message: signs of life. */
  readonly beats: number
  /** The next message that is wanted; others before it are passed over. Rejects if the connection ends before. */
  next(isWanted?: (message: Message) => boolean): Promise<Message>
  /** What comes until the end of the connection. */
  rest(): Promise<Message[]>
  close(): void
}

export async function openEventStream(
  url: string,
  headers: Record<string, string> = {}
): Promise<EventStream> {
  const request = get(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  let [lastId, beats]: [string, number] = ['', 0]
  let retryMs: number | undefined
  const messages = read()

  async function* read(): AsyncGenerator<Message, void> {
    let text = ''
    for await (const chunk of response as AsyncIterable<string>) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const message = messageOf(text.slice(0, end))
        text = text.slice(end + 2)
        if (message === undefined) beats++
        else yield message
      }
    }
  }

  function messageOf(block: string): Message | undefined {
    let [event, data] = ['message', '']
    for (const line of block.split('\n')) {
      const [name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line)?.slice(1) ?? []
      if (name === 'event') event = value
      if (name === 'data') data += value
      if (name === 'id') lastId = value
      if (name === 'retry') retryMs = Number(value)
    }
    return data === '' ? undefined : { event, id: lastId, data: JSON.parse(data) }
  }

  return {
    response,
    get retryMs() {
      return retryMs
    },
    get lastId() {
      return lastId
    },
    get beats() {
      return beats
    },
    async next(isWanted = () => true) {
      for (;;) {
        const { value, done } = await messages.next()
        if (done === true || value === undefined) throw new Error('the stream ended')
        if (isWanted(value)) return value
      }
    },
    rest: () => Array.fromAsync(messages),
    close: () => response.destroy()
  }
}
