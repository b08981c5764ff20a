/**
 * The simulator's handle over HTTP, at `/simulator`, for tests in any language. It takes the global key, as
 * Evolution's own calls do. The real Evolution has no such path.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { ParseResult, Schema } from "effect"
import { textOf } from "./Body.ts"
import type { Simulator } from "./Simulator.ts"

interface Asked {
  readonly simulator: Simulator
  /** The instance's name, from the path. */
  readonly name: string
  readonly query: URLSearchParams
  /** The JSON of the body; an empty object without one. */
  readonly body: unknown
}

/** Gives what is answered as JSON; without a value the answer is `{}`. */
type Act = (asked: Asked) => unknown

const maybe = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const Text = Schema.String
const Millis = Schema.NonNegative

/** An act whose body has this shape, and no other field. */
const taking = <A, I>(
  schema: Schema.Schema<A, I>,
  act: (simulator: Simulator, body: A, name: string) => unknown
): Act => {
  const decode = Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })
  return ({ body, name, simulator }) => act(simulator, decode(body), name)
}

const Choice = Schema.Struct({
  next: maybe(Schema.Int.pipe(Schema.positive())),
  share: maybe(Schema.Number.pipe(Schema.between(0, 1))),
  event: maybe(Text),
  instance: maybe(Text)
})

const Faults = Schema.Struct({
  refuse: maybe(
    Schema.Union(
      Schema.Literal("license"),
      Schema.Struct({
        status: Schema.Int.pipe(Schema.between(200, 599)),
        body: Text,
        headers: maybe(Schema.Record({ key: Text, value: Text })),
        sparesSockets: maybe(Schema.Boolean)
      })
    )
  ),
  slow: maybe(
    Schema.Struct({
      answerMillis: maybe(Millis),
      eventMillis: maybe(Millis),
      codeMillis: maybe(Millis)
    })
  ),
  lose: maybe(Choice),
  duplicate: maybe(Choice),
  deafen: maybe(Schema.Array(Text)),
  drop: maybe(Schema.Literal(true)),
  fallSilent: maybe(Schema.Literal(true)),
  garble: maybe(Schema.Literal("text", "event", "oversized", "bytes")),
  leave: maybe(Millis)
})

const Message = Schema.Struct({
  from: Text,
  text: maybe(Text),
  content: maybe(Schema.Record({ key: Text, value: Schema.Unknown })),
  pushName: maybe(Text),
  group: maybe(Text),
  id: maybe(Text),
  messageTimestamp: maybe(Schema.Int)
}).pipe(
  Schema.filter(({ content, text }) =>
    (content === undefined) === (text === undefined) ? 'Give either "text" or "content"' : true
  )
)

/** By method and path, without the instance's name. */
const acts: Readonly<Record<string, Act>> = {
  "GET ": ({ simulator }) => ({
    connections: simulator.connections(),
    instances: simulator.instances().map(({ name, ownerJid, state }) => ({ name, ownerJid, state }))
  }),
  "POST reset": ({ simulator }) => simulator.reset(),
  "POST faults": taking(Faults, (simulator, faults) => {
    if (faults.refuse !== undefined) simulator.refuse(faults.refuse)
    if (faults.slow !== undefined) simulator.slow(faults.slow)
    if (faults.lose !== undefined) simulator.lose(faults.lose)
    if (faults.duplicate !== undefined) simulator.duplicate(faults.duplicate)
    for (const name of faults.deafen ?? []) simulator.deafen(name, true)
    if (faults.fallSilent) simulator.fallSilent()
    if (faults.garble !== undefined) simulator.garble(faults.garble)
    const { drop, leave } = faults
    // These end this connection, too: the answer goes first.
    if (drop || leave !== undefined)
      setTimeout(() => void (leave === undefined ? simulator.drop() : simulator.leave(leave)), 20)
  }),
  "DELETE faults": ({ simulator }) => simulator.endFaults(),
  "GET calls": ({ simulator }) => simulator.calls(),
  "GET sent": ({ query, simulator }) =>
    simulator.sentAfter(
      Number(query.get("after") ?? 0),
      Math.min(Number(query.get("wait") ?? 0), maxWaitMillis),
      query.get("instance") ?? undefined
    ),
  "POST instances": taking(
    Schema.Struct({ name: Text, phone: maybe(Text), linked: maybe(Schema.Boolean) }),
    (simulator, { linked = true, name, phone }) => {
      const { id, token } = linked ? simulator.addLinked(name, phone) : simulator.add(name)
      return { name, id, token }
    }
  ),
  "POST instances/messages": taking(
    Message,
    (simulator, { content, from, text, ...options }, name) =>
      simulator.message(name, from, content ?? { conversation: text }, options)
  ),
  "POST instances/events": taking(
    Schema.Struct({ event: Text, data: Schema.Unknown }),
    (simulator, { data, event }, name) => simulator.emit(simulator.instance(name).name, event, data)
  ),
  "POST instances/acknowledge": taking(
    Schema.Struct({ id: Text, status: Schema.Literal("DELIVERY_ACK", "READ", "PLAYED") }),
    (simulator, { id, status }, name) => {
      const message = simulator.sent(name).find((one) => one.id === id)
      if (message === undefined) throw new Error(`No message ${id} was sent`)
      simulator.acknowledge(message, status)
    }
  ),
  "POST instances/scan": taking(
    Schema.Struct({ phone: maybe(Text) }),
    (simulator, { phone }, name) => simulator.scan(name, phone)
  ),
  "POST instances/code": async ({ name, simulator }) => ({ code: await simulator.showQr(name) }),
  "POST instances/limit": ({ name, simulator }) => simulator.reachQrLimit(name),
  "POST instances/logout": ({ name, simulator }) => simulator.logout(name),
  "POST instances/remove": ({ name, simulator }) => simulator.remove(name)
}

/** Longest wait for a sent message. */
const maxWaitMillis = 60_000

/** Answers requests at `/simulator`; `false` for any other request. */
export const answerControl = async (
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse
): Promise<boolean> => {
  const { method = "GET" } = request
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator")
  const [, root, area = "", name = "", ...rest] = pathname.split("/")
  if (root !== "simulator") return false
  const json = (status: number, body: unknown): true => {
    response
      .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
      .end(JSON.stringify(body))
    return true
  }
  if (request.headers.apikey !== simulator.apiKey)
    return json(401, { message: "The header `apikey` has to be the simulator's key" })
  const act = acts[`${method} ${[area, ...rest].filter(Boolean).join("/")}`]
  if (act === undefined) return json(404, { message: `There is no ${method} ${pathname}` })
  try {
    const text = await textOf(request)
    const asked = { simulator, name: decodeURIComponent(name), query: searchParams }
    return json(200, (await act({ ...asked, body: text === "" ? {} : JSON.parse(text) })) ?? {})
  } catch (error) {
    const isWrong =
      error instanceof SyntaxError || error instanceof URIError || ParseResult.isParseError(error)
    return json(isWrong ? 400 : 409, {
      message: error instanceof Error ? error.message : String(error)
    })
  }
}
