import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as LifeCycle from "../../src/Domain/LifeCycle.ts"
import { eventName as listenerEvent } from "../../src/Listening/ListenerRegistry/Record.ts"
import { stateChangeNames } from "../../src/Log/EventStore/Queries.ts"

const source = (path: string) => readFileSync(join(import.meta.dirname, "../../src", path), "utf8")

/** The quoted names in a piece of source text. */
const namesIn = (text: string | undefined) =>
  [...(text ?? "").matchAll(/["']([a-z]+\.[a-z]+)["']/g)].map(([, name]) => name).sort()

const lifeCycle = [...LifeCycle.names].sort()
/** A row of Evolution's list tells no state: another event does. */
const turns = lifeCycle.filter((name) => name !== "instance.updated")

describe("the names of life-cycle events", () => {
  it("equal those in the query for timelines, with the listener's own event", () => {
    expect(namesIn(stateChangeNames)).toEqual([...turns, listenerEvent].sort())
  })

  it("equal those in the index of migration 0003, with the listener's own event", () => {
    const [, list] = /event in \(([^)]*)\)/.exec(source("Storage/migrations/0003_turns.ts")) ?? []
    expect(namesIn(list)).toEqual([...turns, listenerEvent].sort())
  })

  it("equal those after which the pages ask for statuses, with the events about listener and gaps", () => {
    const [, list] = /lifeEvents = \[([^\]]*)\]/.exec(source("Http/Pages/roster.js")) ?? []
    expect(namesIn(list)).toEqual([...lifeCycle, listenerEvent, "gap.updated"].sort())
  })
})
