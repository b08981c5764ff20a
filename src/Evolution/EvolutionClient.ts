/** Evolution API 2.x over REST. No secret in its answers leaves this module. */
import { HttpClientRequest } from "@effect/platform"
import { Context, Duration, Effect, Layer, Redacted, Schema } from "effect"
import type * as ClockOffset from "../Domain/ClockOffset.ts"
import * as CreateSettings from "../Domain/CreateSettings.ts"
import { settingsNames } from "../Domain/EventName.ts"
import type { EvolutionError, EvolutionUnavailable } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import * as About from "./EvolutionClient/About.ts"
import { isOfSocket } from "./EvolutionClient/Answer.ts"
import * as Body from "./EvolutionClient/Body.ts"
import * as Calls from "./EvolutionClient/Calls.ts"

export type { FoundMessage, InstanceRow, WebSocketSettings } from "./EvolutionClient/Body.ts"

export interface CreateInput {
  readonly name: InstanceName
  readonly integration: "WHATSAPP-BAILEYS" | "WHATSAPP-BUSINESS" | "EVOLUTION"
  /** Digits with country code; Evolution then makes a pairing code with each QR code. */
  readonly number?: string | undefined
  /** The instance's own API key at Evolution; random when absent. */
  readonly token?: Redacted.Redacted | undefined
  /** Fields of Evolution's own call that are passed on. The websocket's events are added to ours. */
  readonly settings?: CreateSettings.CreateSettings
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
    /**
     * Rows of Evolution's database, of one instance or of all. Of all: one question at a time
     * with `findMessages`, and a deadline of minutes.
     */
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
    /** The time by which our clock is ahead of Evolution's, from its answers so far; `null`: not measured. */
    readonly clockOffset: Effect.Effect<ClockOffset.ClockOffset | null>
    /** Succeeds when Evolution's socket endpoint answers, or Evolution says that there is none. */
    readonly ping: Effect.Effect<void, EvolutionUnavailable>
  }
>() {
  static readonly layer = Layer.effect(
    EvolutionClient,
    Effect.suspend(() => make)
  )
}

/** Evolution fetches WhatsApp's web version, and then sleeps for 5 s. */
const createTimeout = Duration.seconds(60)

const make = Effect.map(Calls.make, ({ call, clockOffset, exchange, heavily, safely, secrets }) =>
  EvolutionClient.of({
    clockOffset,
    create: ({ integration, name, number, settings = Redacted.make({}), token }) =>
      call(
        Body.Created,
        HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/instance/create"), {
          ...Redacted.value(settings),
          instanceName: name,
          integration,
          qrcode: true,
          number,
          token: token === undefined ? undefined : Redacted.value(token),
          // All names: `[]` means all but `GROUPS_UPDATE`, which only `create` accepts.
          websocket: {
            enabled: true,
            events: [...new Set([...settingsNames, ...CreateSettings.eventsIn(settings)])]
          }
        }),
        {
          name,
          timeout: createTimeout,
          secrets: [...(token === undefined ? [] : [token]), ...CreateSettings.secretsIn(settings)]
        }
      ),
    connect: (name, number) =>
      call(
        Body.Connected,
        HttpClientRequest.appendUrlParams(
          About.get("/instance/connect", name),
          number === undefined ? {} : { number }
        ),
        { name }
      ),
    connectionState: (name) =>
      safely(
        call(Body.MemoryState, About.get("/instance/connectionState", name), {
          name
        })
      ),
    fetchInstances: (name) => {
      const ask = (asked: Calls.Asked) =>
        call(
          Schema.Array(Body.RowWithToken),
          HttpClientRequest.get("/instance/fetchInstances", {
            urlParams: name === undefined ? {} : { instanceName: name }
          }),
          asked
        )
      const found =
        name === undefined ? heavily((timeout) => ask({ timeout })) : safely(ask({ name }))
      return Effect.map(found, (rows) =>
        rows.map(({ token, ...row }) => {
          // Messages that are fetched come without the token that is to be removed from them.
          secrets.ofInstance(row.name, token)
          return row
        })
      )
    },
    restart: (name) => call(Body.Restarted, About.post("/instance/restart", name), { name }),
    logout: (name) => call(Body.Done, About.del("/instance/logout", name), { name }),
    delete: (name) => call(Body.Done, About.del("/instance/delete", name), { name }),
    findWebSocket: (name) =>
      safely(
        call(Schema.NullOr(Body.WebSocketSettings), About.get("/websocket/find", name), { name })
      ),
    setWebSocket: (name, events) =>
      call(
        Body.WebSocketSet,
        HttpClientRequest.bodyUnsafeJson(About.post("/websocket/set", name), {
          websocket: { enabled: true, events }
        }),
        { name }
      ),
    findMessages: (name, { keyId, pageSize, seconds }) =>
      heavily((timeout) =>
        call(
          Body.FoundMessages,
          HttpClientRequest.bodyUnsafeJson(About.post("/chat/findMessages", name), {
            where: {
              // Evolution's filter takes both ends or none.
              ...(seconds && {
                messageTimestamp: { gte: iso(seconds[0]), lte: iso(seconds[1]) }
              }),
              ...(keyId && { key: { id: keyId } })
            },
            page: 1,
            offset: pageSize
          }),
          { name, timeout }
        )
      ),
    ping: Effect.filterOrFail(
      exchange(HttpClientRequest.get("/socket.io/")),
      isOfSocket,
      (answer) => Calls.unavailable(answer.intermediary(), answer.status)
    )
  })
)

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
