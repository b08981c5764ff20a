/** The pairing page's feed: codes and state of one instance, for a person without a key. */
import { HttpServerRequest, type HttpServerResponse } from "@effect/platform"
import {
  Context,
  DateTime,
  Deferred,
  type Duration,
  Effect,
  Either,
  Layer,
  Option,
  Stream
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { Progress } from "../Domain/Pairing.ts"
import { Servers } from "../Instances/Servers.ts"
import { AddressUnknown, PairingPass } from "./Api.ts"
import { type Subject, textOf } from "./Auth/Subject.ts"
import { Tokens } from "./Auth/Tokens.ts"
import { forwardedBy } from "./Forwarded.ts"
import * as QrImage from "./QrImage.ts"
import { farewell, frame, heartbeat, heartbeatEvery, respond, retry, Stopping } from "./Sse.ts"

export class Guest extends Context.Tag("evolution-listener/Guest")<
  Guest,
  {
    /**
     * Makes a link for a person without a key. Its address is `PUBLIC_URL`, or the address at which the
     * request reached the service.
     */
    readonly link: (
      of: Subject,
      lifetime: Duration.Duration
    ) => Effect.Effect<
      { readonly url: string; readonly expiresAt: DateTime.Utc },
      AddressUnknown,
      HttpServerRequest.HttpServerRequest
    >
    /** Streams codes and state until the link expires. */
    readonly respond: Effect.Effect<HttpServerResponse.HttpServerResponse, never, PairingPass>
  }
>() {
  static readonly layer = Layer.effect(
    Guest,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const { publicUrl } = yield* AppConfig.Http
  const forwarded = yield* forwardedBy
  const servers = yield* Servers
  const stopping = yield* Stopping
  const tokens = yield* Tokens

  const addressFor = (request: HttpServerRequest.HttpServerRequest) =>
    Option.match(publicUrl, {
      onNone: () =>
        Either.mapLeft(forwarded.address(request), (message) => new AddressUnknown({ message })),
      onSome: (url) => Either.right(url)
    })

  const view = (instance: InstanceName, linkExpiresAt: DateTime.Utc) => (progress: Progress) =>
    Effect.gen(function* () {
      const { state } = progress
      const phone = state === "connected" ? progress.phone : null
      if (state !== "scan") return { instance, state, phone, qr: null, linkExpiresAt }
      const { expiresAt, pairingCode, sequence } = progress.qr
      const image = Buffer.from(yield* QrImage.svg(progress.qr)).toString("base64")
      const svg = `data:image/svg+xml;base64,${image}`
      const qr = { svg, pairingCode, sequence, expiresAt }
      return { instance, state, phone, qr, linkExpiresAt }
    })

  const feed = ({ expiresAt, instance, server }: PairingPass["Type"]) =>
    Stream.unwrap(
      Effect.map(DateTime.now, (now) => {
        const one = servers.get(server)
        const here = one?.owned()
        // A server that is in the settings no more has no progress.
        const progress = here?.pairing.progress(instance) ?? Stream.empty
        const lost = one !== undefined && here !== undefined ? one.lost(here) : Effect.never
        let isBrokenOff = false
        const breaking = Effect.zipRight(
          Effect.raceFirst(Deferred.await(stopping), lost),
          Effect.sync(() => {
            isBrokenOff = true
          })
        )
        const views = progress.pipe(
          Stream.mapEffect(view(instance, expiresAt)),
          Stream.map((seen) => frame("pairing", seen))
        )
        const heartbeats = Stream.map(Stream.fromSchedule(heartbeatEvery), () => heartbeat)
        const end = Stream.sync(() =>
          isBrokenOff
            ? farewell("stopping", "The service stops: come again")
            : farewell("expired", "This link is not valid any more")
        )
        return Stream.make(retry).pipe(
          Stream.concat(
            Stream.merge(views, heartbeats).pipe(
              Stream.interruptAfter(DateTime.distanceDuration(now, expiresAt)),
              Stream.interruptWhen(breaking)
            )
          ),
          Stream.concat(end)
        )
      })
    )

  return Guest.of({
    link: (of, lifetime) =>
      Effect.gen(function* () {
        const address = yield* addressFor(yield* HttpServerRequest.HttpServerRequest)
        const { expiresAt, token } = yield* tokens.issue("pairing", textOf(of), lifetime)
        const url = new URL("pair", address)
        url.hash = token
        return { url: url.href, expiresAt }
      }),
    respond: Effect.map(PairingPass, (pass) => respond(feed(pass)))
  })
})
