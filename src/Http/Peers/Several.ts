/** One of several replicas. */
import type { IncomingMessage } from "node:http"
import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Duration, Effect, identity, type Redacted, Schema, type Scope } from "effect"
import type { Ownership } from "../../Cluster/Ownership.ts"
import type { OneServer } from "../../Instances/Servers.ts"
import type { OutcomeUnknown, ServerUnowned } from "../Api.ts"
import type { Dealings } from "./Dealings.ts"
import {
  credentialHeader,
  credentials,
  endToEnd,
  Hop,
  inward,
  type Passage,
  unownedHeader
} from "./Hop.ts"
import * as Notes from "./Notes.ts"
import * as Owners from "./Owners.ts"
import * as Search from "./Search.ts"
import * as Wire from "./Wire.ts"

/** A command whose services are closed may still end: they commit what was begun. */
const lastWords = Duration.seconds(3)

export const make = (
  ownership: Ownership["Type"],
  apiKey: Redacted.Redacted
): Effect.Effect<Dealings, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { isValid, mine } = credentials(apiKey, ownership.me)
    const owners = yield* Owners.make(ownership)
    const wire = yield* Wire.make
    const search = yield* Search.make(ownership.me, mine, owners, wire)

    const forward = (one: OneServer) =>
      Effect.gen(function* () {
        const here = one.owned()
        if (here !== undefined) return here
        if ((yield* Hop).isFromReplica) return yield* Search.unowned(one)
        const { originalUrl } = yield* HttpServerRequest.HttpServerRequest
        const found = yield* search.owner(one, originalUrl, (answer) => Effect.succeed(answer))
        return "here" in found ? found.here : yield* Effect.die(passedOn(found.answer))
      })

    /** One other replica owns all of them. */
    const isElsewhere = (servers: ReadonlyArray<OneServer>) =>
      Effect.map(
        Effect.forEach(servers, (one) =>
          one.owned() === undefined
            ? owners.of(one.id)
            : Effect.succeed<Owners.Owner | undefined>(undefined)
        ),
        ([first, ...others]) => first !== undefined && others.every((one) => one?.id === first.id)
      )

    const gather: Dealings["gather"] = (servers, { here, isWhole, there }) =>
      Effect.gen(function* () {
        const { isFromReplica } = yield* Hop
        const [first] = servers
        if (first !== undefined && isWhole && !isFromReplica && (yield* isElsewhere(servers)))
          yield* forward(first)
        const { originalUrl } = yield* HttpServerRequest.HttpServerRequest
        const path = originalUrl.split("?")[0]
        const decode = Schema.decodeUnknown(Schema.parseJson(there))
        const partOf = (one: OneServer) =>
          Effect.gen(function* () {
            const services = one.owned()
            if (services !== undefined) return yield* here(services)
            if (isFromReplica) return yield* Search.unowned(one)
            const found = yield* search.owner(one, `${path}?server=${one.id}`, (answer) =>
              // Refused by the owner: the caller gets its words.
              answer.statusCode === 200 ? Wire.textOf(answer) : Effect.die(passedOn(answer))
            )
            return yield* "here" in found ? here(found.here) : Effect.orDie(decode(found.answer))
          })
        return yield* Effect.forEach(servers, partOf, { concurrency: "unbounded" })
      }).pipe(Effect.catchTag("OutcomeUnknown", Effect.die))

    return {
      owned: forward,
      during: (one, here) => (effect) =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method }) =>
          Effect.raceFirst(
            effect,
            Effect.flatMap(
              one.lost(here),
              (): Effect.Effect<never, ServerUnowned | OutcomeUnknown> =>
                Wire.isSafe(method)
                  ? Search.unowned(one)
                  : Effect.zipRight(Effect.sleep(lastWords), Search.outcomeUnknown(one))
            )
          )
        ),
      gather,
      inReach: (servers) =>
        Effect.map(Hop, ({ isFromReplica }) =>
          isFromReplica ? servers.filter((one) => one.owned() !== undefined) : servers
        ),
      changes: Notes.make({ apiKey, credential: mine, me: ownership.me, owners, wire }),
      admit: (app) =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
          const credential = request.headers[credentialHeader]
          const isFromReplica = credential !== undefined && isValid(credential)
          const passage: Passage = { isFromReplica, isUnowned: false }
          return app.pipe(
            Effect.map((response) => marked(response, passage, ownership.me)),
            Effect.provideService(Hop, passage),
            isFromReplica
              ? Effect.provideService(HttpServerRequest.HttpServerRequest, inward(request))
              : identity
          )
        })
    }
  })

/** An answer to a caller has the id of the replica that it asked. */
const marked = (
  response: HttpServerResponse.HttpServerResponse,
  { isFromReplica, isUnowned }: Passage,
  me: string
) => {
  const isRefused = isUnowned && response.status === 503
  return HttpServerResponse.setHeaders(response, {
    ...(isRefused && { "retry-after": String(Search.retryAfterSeconds) }),
    ...(isFromReplica ? isRefused && { [unownedHeader]: "1" } : { [credentialHeader]: me })
  })
}

/** The owner's answer, whose body goes on as it comes. */
const passedOn = (answer: IncomingMessage) =>
  HttpServerResponse.raw(answer, {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(
      Object.entries(endToEnd(answer.headers)).map(([name, value]) => [name, String(value)])
    )
  })
