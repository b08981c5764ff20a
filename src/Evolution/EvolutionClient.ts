/** The REST side of Evolution API 2.x. Nothing secret that its answers carry gets past this file. */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Context, Duration, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { settingsNames } from "../Domain/EventName.ts"
import { type EvolutionError, EvolutionUnavailable } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import { accept, read } from "./EvolutionClient/Answer.ts"
import * as Body from "./EvolutionClient/Body.ts"
import * as Traced from "./EvolutionClient/Traced.ts"

export type { FoundMessage, WebSocketSettings } from "./EvolutionClient/Body.ts"

export interface CreateInput {
  readonly name: InstanceName
  readonly integration: "WHATSAPP-BAILEYS" | "WHATSAPP-BUSINESS" | "EVOLUTION"
  /** Digits with country code; makes Evolution give a pairing code beside the QR code. */
  readonly number?: string | undefined
  /** The instance's own API key at Evolution; random when absent. */
  readonly token?: Redacted.Redacted | undefined
}

/** Which messages to find. */
export interface MessageQuery {
  /** Whole seconds since 1970 UTC, both inclusive; without it, of all times. */
  readonly seconds?: readonly [from: number, to: number]
  readonly keyId?: string
  /** Evolution calls it `offset`. */
  readonly pageSize: number
}

type Call<A> = (name: InstanceName) => Effect.Effect<A, EvolutionError>

export class EvolutionClient extends Context.Tag("evolution-listener/EvolutionClient")<
  EvolutionClient,
  {
    /**
     * Creates an instance with every event enabled on its websocket, and lets it connect. Evolution
     * sleeps 5 s before it answers, often before there is a QR code: wait for the event instead.
     */
    readonly create: (input: CreateInput) => Effect.Effect<void, EvolutionError>
    /**
     * In state `close` this STARTS a connection (a second one, if WhatsApp is about to reconnect by
     * itself); in `connecting` it gives the code in memory, which may be a dead one. Never poll it.
     */
    readonly connect: (
      name: InstanceName,
      /** Makes it give pairing codes, too; heeded in state `close` alone. */
      number?: string
    ) => Effect.Effect<Body.Connected, EvolutionError>
    /** WhatsApp's state in Evolution's memory. Cheap and free of side effects: the call to poll. */
    readonly connectionState: Call<Body.MemoryState>
    /** Rows of Evolution's database, of one instance or of all; heavier, so seldom. */
    readonly fetchInstances: (
      name?: InstanceName
    ) => Effect.Effect<ReadonlyArray<Body.InstanceRow>, EvolutionError>
    /** Closes and re-opens WhatsApp's socket; refused in state `close`. */
    readonly restart: Call<void>
    /** Unlinks the phone. Success means "started" before 2.3.7; verify by `connectionState`. */
    readonly logout: Call<void>
    /** Deletes the instance. Evolution cleans up after it answered; `remove.instance` tells when. */
    readonly delete: Call<void>
    /** The instance's websocket settings; `null` when never set, or when websockets are off. */
    readonly findWebSocket: Call<Body.WebSocketSettings | null>
    /** Enables an instance's websocket for these events, named as in Evolution's settings. */
    readonly setWebSocket: (
      name: InstanceName,
      events: ReadonlyArray<string>
    ) => Effect.Effect<void, EvolutionError>
    /**
     * The newest page of the messages in Evolution's database, newest first by second, in no order
     * within one. It has those it was told to store (`DATABASE_SAVE_DATA_NEW_MESSAGE`).
     */
    readonly findMessages: (
      name: InstanceName,
      query: MessageQuery
    ) => Effect.Effect<Body.FoundMessages, EvolutionError>
    /** Succeeds when something answers at Evolution's socket that is not a broken proxy. */
    readonly ping: Effect.Effect<void, EvolutionUnavailable>
  }
>() {
  static readonly layer = Layer.effect(
    EvolutionClient,
    Effect.suspend(() => make)
  ).pipe(
    // It follows no redirect, which would carry the key to wherever it points; and costs half of `fetch`.
    Layer.provide(NodeHttpClient.layerUndici)
  )
}

const callTimeout = Duration.seconds(10)
/** Fetching WhatsApp's web version, then Evolution's own sleep of 5 s. */
const createTimeout = Duration.seconds(60)

/** For calls without side effects, against a hiccup; an outage is for the caller to wait out. */
const retryPolicy = Schedule.exponential("200 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(2))
)

/** What a call is about, beside its request. */
interface Asked {
  readonly name?: InstanceName | undefined
  readonly timeout?: Duration.Duration
  /** A secret in the request, which must not come back in an answer. */
  readonly token?: Redacted.Redacted | undefined
}

const make = Effect.gen(function* () {
  const { apiKey, url } = yield* AppConfig.Evolution
  const secrets = yield* Secrets.scrub
  const http = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url.href)),
    HttpClient.withTracerPropagation(false),
    // The span is ours: the client's own would have addresses and headers in it.
    HttpClient.withTracerDisabledWhen(() => true)
  )

  const exchange = (
    request: HttpClientRequest.HttpClientRequest,
    { name, timeout = callTimeout, token }: Asked = {}
  ) => {
    const scrub = token === undefined ? secrets : secrets.and(Redacted.value(token))
    return http.execute(request).pipe(
      Effect.tap(Traced.answer),
      Effect.flatMap(read(scrub)),
      Effect.mapError(({ cause, message }) => {
        const detail = cause instanceof Error ? String(cause.cause ?? cause.message) : message
        return unavailable(scrub.words(`Cannot reach Evolution: ${detail}`))
      }),
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () => unavailable(`Evolution did not answer within ${Duration.format(timeout)}`)
      }),
      Traced.call(request, name)
    )
  }

  const call = <A, I>(
    schema: Schema.Schema<A, I>,
    request: HttpClientRequest.HttpClientRequest,
    asked: Asked = {}
  ): Effect.Effect<A, EvolutionError> =>
    request.pipe(
      HttpClientRequest.setHeader("apikey", Redacted.value(apiKey)),
      (authorized) => exchange(authorized, asked),
      Effect.flatMap(accept(schema, asked.name ?? ""))
    )

  const safely = <A>(effect: Effect.Effect<A, EvolutionError>) =>
    Effect.retry(effect, {
      schedule: retryPolicy,
      while: (error) => error._tag === "EvolutionUnavailable"
    })

  return EvolutionClient.of({
    create: ({ integration, name, number, token }) =>
      call(
        Body.Done,
        HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/instance/create"), {
          instanceName: name,
          integration,
          qrcode: true,
          number,
          token: token === undefined ? undefined : Redacted.value(token),
          // Named one by one: `[]` means all but `GROUPS_UPDATE`, which nothing but create accepts.
          websocket: { enabled: true, events: settingsNames }
        }),
        { name, timeout: createTimeout, token }
      ),
    connect: (name, number) =>
      call(
        Body.Connected,
        HttpClientRequest.get(`/instance/connect/${name}`, {
          urlParams: number === undefined ? {} : { number }
        }),
        { name }
      ),
    connectionState: (name) =>
      safely(
        call(Body.MemoryState, HttpClientRequest.get(`/instance/connectionState/${name}`), { name })
      ),
    fetchInstances: (name) =>
      safely(
        call(
          Schema.Array(Body.InstanceRow),
          HttpClientRequest.get("/instance/fetchInstances", {
            urlParams: name === undefined ? {} : { instanceName: name }
          }),
          { name }
        )
      ),
    restart: (name) =>
      call(Body.Done, HttpClientRequest.post(`/instance/restart/${name}`), { name }),
    logout: (name) => call(Body.Done, HttpClientRequest.del(`/instance/logout/${name}`), { name }),
    delete: (name) => call(Body.Done, HttpClientRequest.del(`/instance/delete/${name}`), { name }),
    findWebSocket: (name) =>
      safely(
        call(
          Schema.NullOr(Body.WebSocketSettings),
          HttpClientRequest.get(`/websocket/find/${name}`),
          { name }
        )
      ),
    setWebSocket: (name, events) =>
      call(
        Body.Done,
        HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`/websocket/set/${name}`), {
          websocket: { enabled: true, events }
        }),
        { name }
      ),
    findMessages: (name, { keyId, pageSize, seconds }) =>
      safely(
        call(
          Body.FoundMessages,
          HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`/chat/findMessages/${name}`), {
            where: {
              // The filter takes both ends or none.
              ...(seconds && { messageTimestamp: { gte: iso(seconds[0]), lte: iso(seconds[1]) } }),
              ...(keyId && { key: { id: keyId } })
            },
            page: 1,
            offset: pageSize
          }),
          { name }
        )
      ),
    ping: Effect.filterOrFail(
      exchange(HttpClientRequest.get("/socket.io/")),
      ({ status }) => status < 500,
      ({ status }) => unavailable(`Evolution answers HTTP ${status}`, status)
    )
  })
})

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

const unavailable = (message: string, status: number | null = null) =>
  new EvolutionUnavailable({ message, status })
