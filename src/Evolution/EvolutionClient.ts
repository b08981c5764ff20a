/** Evolution API 2.x over REST. No secret in its answers leaves this module. */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Context, Duration, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { settingsNames } from "../Domain/EventName.ts"
import { type EvolutionError, EvolutionUnavailable } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import { accept, isOfSocket, read } from "./EvolutionClient/Answer.ts"
import * as Body from "./EvolutionClient/Body.ts"
import * as Traced from "./EvolutionClient/Traced.ts"

export type { FoundMessage, WebSocketSettings } from "./EvolutionClient/Body.ts"

export interface CreateInput {
  readonly name: InstanceName
  readonly integration: "WHATSAPP-BAILEYS" | "WHATSAPP-BUSINESS" | "EVOLUTION"
  /** Digits with country code; Evolution then makes a pairing code with each QR code. */
  readonly number?: string | undefined
  /** The instance's own API key at Evolution; random when absent. */
  readonly token?: Redacted.Redacted | undefined
}

export interface MessageQuery {
  /** Whole seconds since 1970 UTC, both inclusive; left out: of all times. */
  readonly seconds?: readonly [from: number, to: number]
  readonly keyId?: string
  /** `offset` in Evolution's API. */
  readonly pageSize: number
}

type Call<A> = (name: InstanceName) => Effect.Effect<A, EvolutionError>

export class EvolutionClient extends Context.Tag("evolution-listener/EvolutionClient")<
  EvolutionClient,
  {
    /**
     * Creates an instance with every event enabled on its websocket, and lets it connect. Evolution
     * answers after 5 s, often before there is a QR code: wait for the event instead.
     */
    readonly create: (input: CreateInput) => Effect.Effect<void, EvolutionError>
    /**
     * In state `close` this STARTS a connection: a second one, if WhatsApp is about to reconnect by
     * itself. In state `connecting` it gives the code in memory, which may have expired. Do not poll it.
     */
    readonly connect: (
      name: InstanceName,
      /** Digits with country code; adds pairing codes. Evolution reads it in state `close` alone. */
      number?: string
    ) => Effect.Effect<Body.Connected, EvolutionError>
    /** WhatsApp's state in Evolution's memory. Cheap, without side effects: the call to poll. */
    readonly connectionState: Call<Body.MemoryState>
    /** Rows of Evolution's database, of one instance or of all. Heavier than `connectionState`. */
    readonly fetchInstances: (
      name?: InstanceName
    ) => Effect.Effect<ReadonlyArray<Body.InstanceRow>, EvolutionError>
    /** Closes and reopens WhatsApp's socket. Evolution refuses it in state `close`. */
    readonly restart: Call<void>
    /** Unlinks the phone. Before 2.3.7 success means "started": check it by `connectionState`. */
    readonly logout: Call<void>
    /** Deletes the instance. Evolution cleans up after its answer, and then emits `remove.instance`. */
    readonly delete: Call<void>
    /** The instance's websocket settings; `null`: never set, or websockets are off. */
    readonly findWebSocket: Call<Body.WebSocketSettings | null>
    /** Enables an instance's websocket for these events, e.g. `MESSAGES_UPSERT`. */
    readonly setWebSocket: (
      name: InstanceName,
      events: ReadonlyArray<string>
    ) => Effect.Effect<void, EvolutionError>
    /**
     * The newest page of the messages in Evolution's database, newest second first, in no order within a
     * second. Evolution stores messages only with `DATABASE_SAVE_DATA_NEW_MESSAGE`.
     */
    readonly findMessages: (
      name: InstanceName,
      query: MessageQuery
    ) => Effect.Effect<Body.FoundMessages, EvolutionError>
    /** Succeeds when Evolution's socket endpoint answers, or Evolution says that there is none. */
    readonly ping: Effect.Effect<void, EvolutionUnavailable>
  }
>() {
  static readonly layer = Layer.effect(
    EvolutionClient,
    Effect.suspend(() => make)
  ).pipe(
    // Follows no redirect, which would carry the key to another server; and costs half of `fetch`.
    Layer.provide(NodeHttpClient.layerUndici)
  )
}

const callTimeout = Duration.seconds(10)
/** Evolution fetches WhatsApp's web version, and then sleeps for 5 s. */
const createTimeout = Duration.seconds(60)

/** For calls without side effects. It covers a hiccup; callers wait for the end of an outage. */
const retryPolicy = Schedule.exponential("200 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(2))
)

interface Asked {
  readonly name?: InstanceName | undefined
  readonly timeout?: Duration.Duration
  /** A secret in the request. It is taken out of the answer. */
  readonly token?: Redacted.Redacted | undefined
}

/** The three ways to ask: `exchange` for any answer, `call` for a decoded one, `safely` for repeatable calls. */
const makeCalls = Effect.gen(function* () {
  const { apiKey, url } = yield* AppConfig.Evolution
  const secrets = yield* Secrets.scrub
  const http = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url.href)),
    HttpClient.withTracerPropagation(false),
    // `Traced` makes the span: the client's own has addresses and headers in it.
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

  return { call, exchange, safely }
})

const make = Effect.map(makeCalls, ({ call, exchange, safely }) =>
  EvolutionClient.of({
    create: ({ integration, name, number, token }) =>
      call(
        Body.Created,
        HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/instance/create"), {
          instanceName: name,
          integration,
          qrcode: true,
          number,
          token: token === undefined ? undefined : Redacted.value(token),
          // All names: `[]` means all but `GROUPS_UPDATE`, which only `create` accepts.
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
      call(Body.Restarted, HttpClientRequest.post(`/instance/restart/${name}`), { name }),
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
        Body.WebSocketSet,
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
              // Evolution's filter takes both ends or none.
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
      isOfSocket,
      (answer) => unavailable(answer.intermediary(), answer.status)
    )
  })
)

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

const unavailable = (message: string, status: number | null = null) =>
  new EvolutionUnavailable({ message, status })
