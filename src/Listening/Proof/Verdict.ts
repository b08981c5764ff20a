/** The verdict on the link for all instances, or on their namespaces, and auto mode's choice between the two. */
import { DateTime, Effect } from "effect"
import { broadcastRemedy, type Proven, unproven } from "../../Domain/Summary.ts"
import { EventSource, type Flow } from "../../Evolution/EventSource.ts"
import type { Sign } from "./Evidence.ts"

interface Signals {
  /** Nothing is known of this link yet. */
  readonly onNew: () => void
  /** Events come over a link that was silent. */
  readonly onHeardAgain: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* ({ onHeardAgain, onNew }: Signals) {
  const source = yield* EventSource
  let events: Proven = unproven(yield* DateTime.now)
  let upSince: number | undefined
  let isLookDue = false
  let wasProven = false

  /** The link is a new one, or its first event has come. */
  const follow = (flow: Flow | undefined) =>
    Effect.gen(function* () {
      if (flow?.upSince !== upSince && source.isShared) {
        upSince = flow?.upSince
        isLookDue = flow !== undefined
        onNew()
        events = unproven(
          flow === undefined ? yield* DateTime.now : DateTime.unsafeMake(flow.upSince)
        )
      }
      if (flow?.lastEventAt === undefined || events.state === "proven") return
      const wasSilent = events.state === "silent"
      events = { ...unproven(yield* DateTime.now), state: "proven" }
      const log = wasSilent || !wasProven ? Effect.logInfo : Effect.logDebug
      wasProven = true
      yield* log("Evolution's events reach us: the first one came over this link")
      if (wasSilent) yield* onHeardAgain
    })

  const fallSilent = ({ instance, words }: Sign) =>
    Effect.suspend(() => {
      events = { state: "silent", since: events.since, evidence: words, instance }
      const told = `The link to Evolution is up and brings no events. ${words}`
      return source.mode === "auto"
        ? Effect.logWarning(`${told}. Each instance is listened to by its namespace from now on`)
        : Effect.logError(`${told}. To do: ${broadcastRemedy}`)
    })

  const changeMode = (to: "global" | "namespace") =>
    Effect.gen(function* () {
      yield* source.changeMode(to)
      upSince = undefined
      isLookDue = false
      onNew()
      events = unproven(yield* DateTime.now)
    })

  return {
    follow,
    fallSilent,
    /** Auto mode: a silent link is no longer listened to. */
    resortToNamespaces: Effect.suspend(() =>
      source.mode === "auto" ? changeMode("namespace") : Effect.void
    ),
    /** Auto mode: one event over the link for all proves that Evolution sends global events. */
    returnToGlobal: Effect.gen(function* () {
      if (source.mode !== "auto" || source.isShared) return
      const shared = yield* source.shared
      if (shared?.lastEventAt === undefined) return
      yield* Effect.logInfo(
        "An event came over the link for all instances: they are listened to by it from now on"
      )
      yield* changeMode("global")
    }),
    events: () => events,
    upSince: () => upSince,
    /** True once for a link that is not proven. */
    takeLook: (): boolean => {
      const isDue = isLookDue && events.state === "unproven"
      isLookDue = false
      return isDue
    }
  }
})
