/** The rules by which clients in the field make events of a stream, as far as they differ. */

interface Dispatched {
  readonly event: string
  readonly data: string
}

/** The fields since the last blank line; `id` is kept beyond it. */
interface Block {
  event: string
  data: Array<string>
  id: string
  retry: string
  isEmpty: boolean
}

export interface Client {
  readonly name: string
  /** Says that a blank line makes an event of what came before it. */
  readonly dispatches: (block: Block) => boolean
  /** False: the client's usual handler gets events without a name alone. */
  readonly takesNamed: boolean
}

const hasData = ({ data }: Block) => data.length > 0

export const clients: ReadonlyArray<Client> = [
  // https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
  { name: "a browser's EventSource, onmessage", dispatches: hasData, takesNamed: false },
  // n8n-io/n8n: SseTrigger.node.ts parses what `onmessage` of the package `eventsource` gets.
  { name: "n8n's SSE trigger", dispatches: hasData, takesNamed: false },
  // florimondmanca/httpx-sse#35, openai/openai-python#2722
  {
    name: "httpx-sse",
    dispatches: ({ data, event, id, retry }) =>
      event !== "" || data.length > 0 || id !== "" || retry !== "",
    takesNamed: true
  },
  // r3labs/sse: client.go, `hasContent` after the last id was put into the event
  {
    name: "r3labs/sse in Go",
    dispatches: ({ data, event, id, retry }) =>
      event !== "" || data.length > 0 || id !== "" || retry !== "",
    takesNamed: true
  },
  // openai/openai-go#651, mckinsey/agents-at-scale-ark#2519
  { name: "openai-go", dispatches: () => true, takesNamed: true },
  // btubbs/sseclient: every block becomes a message
  { name: "sseclient", dispatches: ({ isEmpty }) => !isEmpty, takesNamed: true },
  { name: "sseclient-py", dispatches: hasData, takesNamed: true },
  // The same for curl with grep, and for PHP that explodes at blank lines.
  { name: "requests' iter_lines, lines with data", dispatches: hasData, takesNamed: true }
]

/** The events that a client's usual handler gets out of a text. */
export const heardBy = ({ dispatches, takesNamed }: Client, text: string): Array<Dispatched> => {
  const heard: Array<Dispatched> = []
  const block: Block = { event: "", data: [], id: "", retry: "", isEmpty: true }
  for (const line of text.split("\n").slice(0, -1)) {
    if (line === "") {
      if (dispatches(block) && (takesNamed || block.event === ""))
        heard.push({ event: block.event, data: block.data.join("\n") })
      Object.assign(block, { event: "", data: [], retry: "", isEmpty: true })
      continue
    }
    block.isEmpty = false
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
    if (field === "data") block.data.push(value)
    if (field === "event" || field === "id" || field === "retry") block[field] = value
  }
  return heard
}
