/** Brings secrets in by Evolution's events, by its answers, and by callers' requests. */
import { Effect } from "effect"
import { eventNames } from "../../../src/Domain/EventName.ts"
import type { Simulator } from "../../../src/Testing/mod.ts"
import { operationsOf } from "../../Http/Service.ts"
import { listener, type ServiceProcess } from "../ServiceProcess.ts"
import type { Ears } from "./Ears.ts"
import { atPlaces, draw, type Planted } from "./Payloads.ts"

interface Cast {
  readonly service: ServiceProcess
  readonly evolution: Simulator
  readonly ears: Ears
  readonly planted: Planted
  /** A pairing code looks like any word: it is recognised by its name, and in events about codes. */
  readonly typed: string
}

export const names = ["loja-1", "loja-2"] as const
const [first] = names

/** Emits every kind of event, sound and broken, with secrets everywhere; ends when all are committed. */
export const emit = Effect.fnUntraced(function* (
  { evolution, planted, service, typed }: Cast,
  token: string,
  count: number,
  seed: number
) {
  const [key = "", ours = ""] = planted.known
  const mine = draw({ ...planted, known: [...planted.known, token] }, count, seed)
  // Without an envelope, an instance's token cannot be recognised.
  const nobodys = draw(planted, count, seed + 1)
  const events = [...eventNames, "qr.unheard-of", "unheard.of", `${key}${"x".repeat(300)}`]
  for (const [index, data] of mine.entries()) {
    const event = events[index % events.length] ?? ""
    evolution.emit(first, event, data, index % 3 === 0 ? { beside: mine[index - 1] } : {})
    evolution.emit(first, "messages.upsert", { key: { id: `M${index}` }, ...data })
    const envelope = { event, instance: first, apikey: token, data: null }
    if (index % 5 === 0) evolution.emitRaw(event, { ...envelope, ...data })
    if (index % 7 === 0) evolution.emitRaw(event, nobodys[index])
    if (index % 50 === 0) evolution.emit(first, event, { poison: true, ...data })
  }

  for (const [event, data] of atPlaces(planted)) {
    evolution.emit(first, event, data)
    // Without an envelope, and with a broken one.
    evolution.emitRaw(event, { event, data })
    evolution.emitRaw(event, [{ event, instance: first, data, apikey: planted.placed[0] }, 1])
  }

  const update = (data: object, beside: object = {}) =>
    evolution.emit(first, "connection.update", { instance: first, ...data }, beside)
  update({ state: "connecting", statusReason: key })
  update({
    state: "open",
    profileName: `Loja ${key}`,
    profilePictureUrl: `https://user:${ours}@cdn.example/?oe=1`
  })
  update({ state: "open", wuid: `${ours}@s.whatsapp.net` }, { date_time: key })
  update({ state: "connecting", profileName: "poison" })
  const [code] = planted.codes
  const shown = { code, pairingCode: typed, base64: null }
  const beside = { typed, deep: [{ typed }] }
  evolution.emit(first, "qrcode.updated", { qrcode: { ...shown, typed }, say: [typed] }, beside)
  evolution.emit(first, "qrcode.updated", { qrcode: [shown, typed], say: typed }, beside)
  evolution.emit(first, "status.instance", {
    instance: first,
    status: "closed",
    disconnectionObject: JSON.stringify({ error: { apikey: key } })
  })
  evolution.emit(first, "last.one", {})
  yield* service.until("/events?event=last.one", ({ events }) => events?.[0] !== undefined, 60_000)
})

/** Refusals on the socket and to every call, which repeat the request and more. */
export const refuse = Effect.fnUntraced(function* (
  { ears, evolution, planted, service }: Cast,
  token: string
) {
  const [key = ""] = planted.known
  const [media = "", bearer = ""] = planted.placed
  const all = [...planted.known, ...planted.codes].join(" ")
  const echo = `apikey: ${key} mediaKey="${media}" ${all} Authorization: Bearer ${bearer} token=${token}`
  for (const [status, body] of [
    [400, echo],
    [401, JSON.stringify({ status: 401, response: { message: [[echo]] } })],
    [403, JSON.stringify({ message: echo, apikey: media })],
    [404, JSON.stringify({ error: `The "${echo}" instance does not exist` })],
    [500, `<html>${"x".repeat(180)}${echo}</html>`],
    [503, JSON.stringify({ code: "LICENSE_REQUIRED", message: echo })]
  ] as const) {
    evolution.refuse({ status, body })
    evolution.drop()
    for (const [method, path, sent] of [
      ["POST", "/instances", { name: "loja-3", token }],
      ["POST", "/instances/loja-1/qrcode", {}],
      ["POST", "/instances/loja-2/restart", {}],
      ["DELETE", "/instances/nobody", {}]
    ] as const)
      yield* ears.ask(method, path, { body: JSON.stringify(sent) })
    yield* service.until(`/instances/${first}`, (state) => listener(state) !== "Listening")
    for (const path of ["/instances", `/instances/${first}`]) yield* ears.ask("GET", path)
  }
  evolution.refuse(undefined)
  for (const name of names) {
    yield* ears.ask("POST", `/instances/${name}/restart`)
    yield* service.until(`/instances/${name}`, (state) => listener(state) === "Listening")
  }
})

/** Callers that send secrets in the wrong places. */
export const misuse = Effect.fnUntraced(function* (ears: Ears, secrets: ReadonlyArray<string>) {
  for (const secret of secrets) {
    const inUrl = encodeURIComponent(secret)
    for (const path of [
      `/${inUrl}`,
      `/instances/${inUrl}`,
      `/instances/${inUrl}/qrcode`,
      `/events?event=${inUrl}&limit=${inUrl}`
    ])
      yield* ears.ask("GET", path)
    for (const body of [
      `{"name":"a b","token":${JSON.stringify(secret)}`,
      JSON.stringify({ name: secret, [secret]: secret })
    ])
      yield* ears.ask("POST", "/instances", { body })
    const headers = { "last-event-id": encodeURI(secret) }
    yield* ears.ask("GET", "/events/stream", { headers })
  }
})

/** Reads every page of every list. */
export const readAll = Effect.fnUntraced(function* (ears: Ears) {
  const { text } = yield* ears.ask("GET", "/openapi.json")
  const isPage = ({ method, path }: { readonly method: string; readonly path: string }) =>
    method === "GET" && !/\/(stream|qrcode)$/.test(path)
  for (const { path } of operationsOf(JSON.parse(text)).filter(isPage))
    yield* ears.ask("GET", path.replace("/shop", `/${first}`))
  let [after, next] = [-1, 0]
  while (next !== after) {
    after = next
    const page = yield* ears.ask("GET", `/events?limit=1000&after=${after}`)
    next = JSON.parse(page.text).next
  }
})
