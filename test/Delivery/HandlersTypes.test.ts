import { describe, expectTypeOf, it } from "@effect/vitest"
import { Array as Arr, Effect, type Layer } from "effect"
import { Drifts } from "../../src/Delivery/Drift.ts"
import type { DurableHandlers } from "../../src/Delivery/DurableHandlers.ts"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import type { SettingsForm, WireName } from "../../src/Domain/EventName.ts"
import type * as Message from "../../src/Domain/Message.ts"
import { EventBus } from "../../src/Log/EventBus.ts"

describe("The type of a handler's event", () => {
  it("has the data of the catalogue", () => {
    Handlers.on("connection.update", ({ data, event }) => {
      expectTypeOf(event).toEqualTypeOf<"connection.update">()
      expectTypeOf(data.state).toEqualTypeOf<
        "open" | "connecting" | "close" | "refused" | "removed" | "unknown"
      >()
      return Effect.void
    })
    Handlers.on("logout.instance", ({ data }) => {
      expectTypeOf(data).toBeNull()
      return Effect.void
    })
    Handlers.on("messages.upsert", ({ data }) => {
      expectTypeOf(data.key.remoteJid).toBeString()
      expectTypeOf(data.message?.conversation).toEqualTypeOf<string | null | undefined>()
      return Effect.void
    })
    Handlers.on(["MESSAGES_UPSERT", "messages.set", "messages.update"], (event) => {
      if (event.event === "messages.upsert")
        expectTypeOf(event.message).toEqualTypeOf<Message.View>()
      if (event.event === "messages.set")
        expectTypeOf(event.message).toEqualTypeOf<ReadonlyArray<Message.View>>()
      if (event.event === "messages.update")
        expectTypeOf(event.message).toEqualTypeOf<Message.StatusView>()
      return Effect.void
    })
    Handlers.on("chats.delete", (event) => {
      // @ts-expect-error: it is not about a message
      event.message
      return Effect.void
    })
    Handlers.on("contacts.upsert", ({ data }) => {
      expectTypeOf(Arr.ensure(data)[0]?.pushName).toEqualTypeOf<string | null | undefined>()
      return Effect.void
    })
    Handlers.on("call", ({ data }) => {
      if ("packet" in data) expectTypeOf(data.packet.content).toBeUnknown()
      else expectTypeOf(data.date).toBeString()
      return Effect.void
    })
    Handlers.on("gap.updated", ({ data }) => {
      expectTypeOf(data.from).toBeString()
      return Effect.void
    })
  })

  it("has no field that the catalogue does not name", () => {
    Handlers.on("messages.upsert", ({ data }) => {
      // @ts-expect-error: the field is `pushName`
      data.pushname
      // @ts-expect-error: the field is in `key`
      data.remoteJid
      // @ts-expect-error: the content has no such kind
      data.message?.text
      return Effect.void
    })
    Handlers.on("presence.update", ({ data }) => {
      // @ts-expect-error: a state is under an address
      data.presences.lastKnownPresence.length
      return Effect.void
    })
    Handlers.on("labels.association", ({ data }) => {
      // @ts-expect-error: a label has an id, which is text
      expectTypeOf(data.labelId).toBeNumber()
      return Effect.void
    })
  })

  it("is the same for both forms of a name", () => {
    Handlers.on("CHATS_DELETE", ({ data, event }) => {
      expectTypeOf(event).toEqualTypeOf<"chats.delete">()
      expectTypeOf(data).toEqualTypeOf<ReadonlyArray<string>>()
      return Effect.void
    })
    Handlers.on("GROUP_UPDATE", ({ event }) => {
      expectTypeOf(event).toEqualTypeOf<"groups.update">()
      return Effect.void
    })
    expectTypeOf<
      SettingsForm<"group-participants.update">
    >().toEqualTypeOf<"GROUP_PARTICIPANTS_UPDATE">()
    expectTypeOf<WireName<"TYPEBOT_CHANGE_STATUS">>().toEqualTypeOf<"typebot.change-status">()
    expectTypeOf<EventCatalog.Data<"MESSAGES_SET">>().toEqualTypeOf<
      EventCatalog.Data<"messages.set">
    >()
  })

  it("tells by its name which of several events it is", () => {
    Handlers.on(["CHATS_DELETE", "call", "custom.event"], (event) => {
      expectTypeOf(event.event).toEqualTypeOf<"chats.delete" | "call" | "custom.event">()
      if (event.event === "chats.delete")
        expectTypeOf(event.data).toEqualTypeOf<ReadonlyArray<string>>()
      if (event.event === "custom.event") expectTypeOf(event.data).toBeUnknown()
      return Effect.void
    })
    Handlers.on(EventCatalog.names, (event) => {
      if (event.event === "chats.delete")
        expectTypeOf(event.data).toEqualTypeOf<ReadonlyArray<string>>()
      return Effect.void
    })
  })

  it("has unknown data for a name that is not in the catalogue, or not known", () => {
    Handlers.on("custom.event", ({ data, event }) => {
      expectTypeOf(event).toEqualTypeOf<"custom.event">()
      expectTypeOf(data).toBeUnknown()
      return Effect.void
    })
    const name: string = "messages.upsert"
    Handlers.on(name, ({ data }) => {
      expectTypeOf(data).toBeUnknown()
      return Effect.void
    })
  })

  it("has unknown data where it differs from the catalogue", () => {
    const handler = Handlers.on("call", () => Effect.void, {
      onDrift: ({ data, paths }) => {
        expectTypeOf(data).toBeUnknown()
        expectTypeOf(paths).toEqualTypeOf<ReadonlyArray<string>>()
        return Effect.fail("no")
      }
    })
    expectTypeOf(handler).toEqualTypeOf<Layer.Layer<never, never, EventBus>>()
  })
})

describe("The type of a durable handler", () => {
  it("says that it can be refused, and what it needs", () => {
    const { never } = Effect
    expectTypeOf(Handlers.on("call", () => never, { durable: "sync" })).toEqualTypeOf<
      Layer.Layer<never, Handlers.DurableNameTaken, DurableHandlers>
    >()
    const handler = Handlers.on("call", ({ data }) => Effect.map(Drifts, () => data), {
      durable: "sync",
      onDrift: ({ paths }) => Effect.fail(paths),
      onMissed: ({ server, after, until }) => {
        expectTypeOf(server).toBeString()
        expectTypeOf(until - after).toBeNumber()
        return EventBus
      }
    })
    expectTypeOf(handler).toEqualTypeOf<
      Layer.Layer<never, Handlers.DurableNameTaken, DurableHandlers | EventBus>
    >()
  })
})
