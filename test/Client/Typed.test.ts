import { describe, expectTypeOf, it } from "@effect/vitest"
import { Stream } from "effect"
import type { Client as Typed } from "../../src/Client/Effect.ts"
import { type Client, connect, type Event } from "../../src/Client/mod.ts"
import type { Data } from "../../src/Domain/EventCatalog.ts"

describe("the data of an event", () => {
  const { events }: Client = connect({ baseUrl: "http://service.test" })

  it("has the type of the names that are asked for, in either form", () => {
    const one = events({ event: "CONNECTION_UPDATE" })
    expectTypeOf(one).toExtend<AsyncIterable<Event<"connection.update">>>()
    expectTypeOf<Event<"connection.update">["data"]["state"]>().toExtend<string>()
    const some = events({ event: ["call", "presence.update"] })
    expectTypeOf(some).toExtend<AsyncIterable<Event<"call"> | Event<"presence.update">>>()
    expectTypeOf<Event<"of.tomorrow">["data"]>().toEqualTypeOf<unknown>()
  })

  it("is told apart by the name", () => {
    const read = (event: Event): string | undefined =>
      event.event === "connection.update" ? event.data.state : undefined
    expectTypeOf(read).toBeFunction()
  })

  it("has the catalogue's own type with Effect", () => {
    const read = ({ events: stream }: Typed["Type"]) =>
      Stream.map(stream({ event: "call" }), ({ data }) => data)
    expectTypeOf<Stream.Stream.Success<ReturnType<typeof read>>>().toEqualTypeOf<Data<"call">>()
  })
})
