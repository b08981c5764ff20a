/** A server as it is found, and its instances by their states: at one glance. */
import { Context, Effect, Layer, Option, Schedule } from "effect"
import { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { Server } from "../Domain/Server.ts"
import * as Domain from "../Domain/Summary.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { Probe, versionOf } from "../Evolution/Probe.ts"
import { Clocks } from "../Listening/Clocks.ts"
import { Discovery } from "../Listening/Discovery.ts"
import { Proof } from "../Listening/Proof.ts"
import { Instances } from "./Instances.ts"

export class Summary extends Context.Tag("evolution-listener/Summary")<
  Summary,
  {
    /** The summary of one server, for a caller who may see these instances. */
    readonly of: (sees: (name: InstanceName) => boolean) => Effect.Effect<Domain.ServerSummary>
  }
>() {
  static readonly layer = Layer.scoped(
    Summary,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(Probe.layer))
}

const checkEvery = "5 seconds"

const make = Effect.gen(function* () {
  const { mode, url } = yield* AppConfig.Evolution
  const server = yield* Server
  const clocks = yield* Clocks
  const discovery = yield* Discovery
  const instances = yield* Instances
  const proof = yield* Proof
  const source = yield* EventSource
  const version = yield* makeVersion

  const { worded } = yield* Settings
  const settings = { url: worded("EVOLUTION_API_URL"), key: worded("EVOLUTION_API_KEY") }

  const found = Effect.gen(function* () {
    const { at, error } = yield* discovery.found
    const found: Domain.Found = {
      server,
      settings,
      url: url.href,
      mode,
      listensBy: source.isShared ? "global" : "namespace",
      version: version(),
      link: yield* proof.link,
      events: yield* proof.events,
      list: {
        at,
        error: error?._tag === "SqlError" ? { _tag: "SqlError", message: detailOf(error) } : error
      },
      clockOffset: (yield* clocks.offsets).evolution
    }
    return found
  })
  return Summary.of({
    of: (sees) =>
      Effect.zipWith(found, instances.all, (facts, all) => Domain.summaryOf(facts, all, sees))
  })
})

/** Evolution asks WhatsApp's site for each answer, so it is asked once for each link. */
const makeVersion = Effect.gen(function* () {
  const { root } = yield* Probe
  const source = yield* EventSource
  let version: string | null = null
  let askedFor: number | undefined | null = null
  const look = Effect.gen(function* () {
    const upSince = source.mode === "namespace" ? 0 : (yield* source.shared)?.upSince
    if (askedFor === upSince || (upSince === undefined && version !== null)) return
    const answer = yield* Effect.option(root)
    const told = Option.flatMap(answer, versionOf)
    if (Option.isNone(told)) return
    version = told.value
    askedFor = upSince
  })
  yield* loop("version of Evolution", Effect.repeat(look, Schedule.spaced(checkEvery)))
  return () => version
})
