/** A page of the log as an answer. It takes room until the caller has it. */
import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect, Schema } from "effect"
import { Caller, sees } from "../../Domain/Key.ts"
import type { EventBus } from "../../Log/EventBus.ts"
import type { EventStore } from "../../Log/EventStore.ts"
import { EventsPage, type EventsQuery } from "../Api/Events.ts"
import { Room } from "../Room.ts"
import * as Target from "./Target.ts"

/** The event whose data crosses this ends the page; a thousand messages of usual size stay below it. */
const pageBytes = 4 * 1024 * 1024

const encode = Schema.encodeSync(Schema.parseJson(EventsPage))

/** Reads a page of the events that the caller may see. */
export const respond =
  (store: EventStore["Type"], bus: EventBus["Type"]) =>
  ({ after = 0, event: events, instance, limit = 100, server }: typeof EventsQuery.Type) =>
    Effect.gen(function* () {
      const caller = yield* Caller
      const room = yield* Room
      const request = yield* HttpServerRequest.HttpServerRequest
      const answer = NodeHttpServerRequest.toServerResponse(request)
      const isSeen = sees(caller)
      const servers = yield* Target.ofEvents(instance, server)
      const wants = (name: string, of: string) =>
        (instance ?? name) === name && (servers?.includes(of) ?? true) && isSeen(name, of)
      const query = {
        after,
        bytes: pageBytes,
        events,
        instance,
        servers,
        only: caller.instances,
        limit
      }
      return yield* room.turn(
        Effect.map(Effect.zipLeft(store.read(query), bus.learnPurged), (found) => {
          const next = found.at(-1)?.id ?? after
          const recovered = bus.purgedUntil(wants) <= after
          const page = Buffer.from(encode({ events: found, next, recovered }))
          const release = room.hold(page, () => void answer.destroy())
          if (answer.closed) release()
          else answer.once("close", release)
          return HttpServerResponse.uint8Array(page, { contentType: "application/json" })
        })
      )
    })
