/** The two clients, as readers of a stream that a test treats alike. */
import { FetchHttpClient } from "@effect/platform"
import { Cause, Effect, Exit, Fiber, Option, Redacted, Stream } from "effect"
import * as Typed from "../../src/Client/Effect.ts"
import { connect, type Interruption, type Missed } from "../../src/Client/mod.ts"

export interface Wanted {
  readonly baseUrl?: string
  readonly apiKey?: string
  readonly after?: number
  readonly instance?: string
  readonly server?: string
  readonly event?: ReadonlyArray<string>
  readonly fetch?: typeof globalThis.fetch
  /** Keeps missed events, so that the reader goes on. */
  readonly goesOn?: boolean
  readonly streamToken?: () => Promise<string>
  /** Takes each event before the next one. */
  readonly consume?: (id: number) => Promise<void>
}

export interface Reader {
  readonly ids: ReadonlyArray<number>
  readonly missed: ReadonlyArray<Missed>
  readonly statuses: ReadonlyArray<string>
  readonly interruptions: ReadonlyArray<Interruption["reason"]>
  /** The error that ended it; `undefined` while it goes on. */
  readonly failure: () => unknown
  /** Leaves, as a consumer does that has enough. */
  readonly leave: () => Promise<void>
}

const keeping = () => {
  const ids: Array<number> = []
  const missed: Array<Missed> = []
  const statuses: Array<string> = []
  const interruptions: Array<Interruption["reason"]> = []
  return { ids, missed, statuses, interruptions }
}

const withPromises = ({ consume, fetch, goesOn, streamToken, ...wanted }: Wanted): Reader => {
  const kept = keeping()
  const {
    after,
    apiKey = "the-key",
    baseUrl = "http://service.test",
    event,
    instance,
    server
  } = wanted
  const client = connect({ baseUrl, apiKey: streamToken ? undefined : apiKey, fetch, streamToken })
  const leaving = new AbortController()
  let failure: unknown
  const read = async () => {
    const events = client.events({
      after,
      event,
      instance,
      server,
      signal: leaving.signal,
      onMissed: goesOn ? (one) => kept.missed.push(one) : undefined,
      onStatus: ({ name, server, state }) => kept.statuses.push(`${server}/${name} ${state._tag}`),
      onInterrupted: ({ reason }) => kept.interruptions.push(reason)
    })
    for await (const { id } of events) {
      kept.ids.push(id)
      await consume?.(id)
    }
  }
  const reading = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) failure = error
  })
  return {
    ...kept,
    failure: () => failure,
    leave: () => {
      leaving.abort()
      return reading
    }
  }
}

const withEffect = ({ consume, fetch, goesOn, streamToken, ...wanted }: Wanted): Reader => {
  const kept = keeping()
  const {
    after,
    apiKey = "the-key",
    baseUrl = "http://service.test",
    event,
    instance,
    server
  } = wanted
  const key = streamToken ? undefined : Redacted.make(apiKey)
  const token = streamToken && Effect.map(Effect.tryPromise(streamToken), Redacted.make)
  let failure: unknown
  const reading = Typed.make({ baseUrl, apiKey: key, streamToken: token }).pipe(
    Effect.flatMap(({ events }) =>
      Stream.runForEach(
        events({
          after,
          event,
          instance,
          server,
          onMissed: goesOn ? (one) => Effect.sync(() => kept.missed.push(one)) : undefined,
          onStatus: ({ name, server, state }) =>
            Effect.sync(() => kept.statuses.push(`${server}/${name} ${state._tag}`)),
          onInterrupted: ({ reason }) => Effect.sync(() => kept.interruptions.push(reason))
        }),
        ({ id }) => {
          kept.ids.push(id)
          return Effect.promise(() => consume?.(id) ?? Promise.resolve())
        }
      )
    ),
    Effect.provide(FetchHttpClient.layer),
    fetch ? Effect.provideService(FetchHttpClient.Fetch, fetch) : (effect) => effect,
    Effect.onExit((exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause))
          failure = Option.getOrElse(Cause.failureOption(exit.cause), () => exit.cause)
      })
    ),
    Effect.runFork
  )
  return {
    ...kept,
    failure: () => failure,
    leave: async () => {
      await Effect.runPromise(Fiber.interrupt(reading))
    }
  }
}

/** With their names, for the titles of suites. */
export const readers = [
  ["promises", withPromises],
  ["Effect", withEffect]
] as const
