import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Either } from "effect"
import { InstanceName, nothingObserved } from "../../../src/Domain/Instance.ts"
import { Caller } from "../../../src/Domain/Key.ts"
import { ServerId } from "../../../src/Domain/Server.ts"
import * as Target from "../../../src/Http/Handlers/Target.ts"
import type { Owned, Servers } from "../../../src/Instances/Servers.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { instancesOf, serversOf } from "../../support/doubles.ts"

interface Asked {
  /** The servers, each with the instances that it is known to have. */
  readonly servers: Readonly<Record<string, ReadonlyArray<string>>>
  /** The bounds of the key; without bounds it sees all. */
  readonly bounds?: {
    readonly instances?: ReadonlyArray<string>
    readonly servers?: ReadonlyArray<string>
  }
  /** `?server=` */
  readonly id?: string
}

const name = InstanceName.make("shop")

const record = {
  ...nothingObserved,
  name,
  desired: "listening",
  desiredAt: DateTime.unsafeMake(0)
} as const

const answer = <A, E extends { readonly _tag: string; readonly message: string }>(
  { bounds = {}, servers }: Asked,
  effect: Effect.Effect<A, E, Caller | Servers>
): A | string => {
  const { instances = null, servers: seen = null } = bounds
  const parts = Object.entries(servers).map(
    ([id, names]): Partial<Owned> => ({
      id: ServerId.make(id),
      records: Effect.runSync(
        Effect.provide(
          InstanceStore,
          instancesOf({ get: (of) => (names.includes(of) ? record : undefined) })
        )
      )
    })
  )
  const [first = {}, ...others] = parts
  return Effect.runSync(
    Effect.either(effect).pipe(
      Effect.provideService(Caller, {
        id: null,
        name: "key",
        scope: "read",
        instances,
        servers: seen
      }),
      Effect.provide(serversOf(first, ...others)),
      Effect.map(Either.getOrElse(({ _tag, message }) => `${_tag}: ${message}`))
    )
  )
}

const idOf = (id: string | undefined) => (id === undefined ? undefined : ServerId.make(id))
const id = ({ id }: { readonly id: string }) => id
const ofInstance = (asked: Asked) =>
  answer(asked, Effect.map(Target.ofInstance(name, idOf(asked.id)), id))
const forNew = (asked: Asked) => answer(asked, Effect.map(Target.forNew(name, idOf(asked.id)), id))
const ofEvents = (asked: Asked, of: InstanceName | undefined = name) =>
  answer(asked, Target.ofEvents(of, idOf(asked.id)))

const [none, has] = [[], ["shop"]]
const three = { eu: none, br: none, us: none }
const notFound = 'InstanceNotFound: Cannot find instance "shop": this service does not know it'

describe("The server of an instance", () => {
  it.each<readonly [string, Asked, string]>([
    ["is the one there is", { servers: { eu: none } }, "eu"],
    ["is the one that is named", { servers: { eu: has, br: has }, id: "br" }, "br"],
    [
      "is the one that is named, before default",
      { servers: { default: has, br: none }, id: "br" },
      "br"
    ],
    ["is default, if that has it", { servers: { eu: has, default: has } }, "default"],
    ["is the only one that has it, before default", { servers: { default: none, br: has } }, "br"],
    ["is default, if none has it", { servers: { eu: none, default: none } }, "default"],
    ["is the only one that the key sees", { servers: three, bounds: { servers: ["br"] } }, "br"],
    [
      "is not guessed by one that the key does not see",
      { servers: { eu: has, br: has, us: none }, bounds: { servers: ["br", "us"] } },
      "br"
    ],
    [
      "is asked for, if two have it",
      { servers: { ...three, eu: has, us: has } },
      'ServerAmbiguous: More than one server has an instance "shop": say which one is meant, with ?server=eu or ?server=us'
    ],
    [
      "is asked for, if none has it and there is no default",
      { servers: { eu: none, br: none } },
      'ServerAmbiguous: No server is known to have an instance "shop": say which one is meant, with ?server=eu or ?server=br'
    ],
    [
      "is asked for among those that the key sees",
      { servers: three, bounds: { servers: ["eu", "us"] } },
      'ServerAmbiguous: No server is known to have an instance "shop": say which one is meant, with ?server=eu or ?server=us'
    ],
    [
      "has to be in the settings",
      { servers: three, id: "xx" },
      'ServerNotFound: There is no server "xx": ask for ?server=eu or ?server=br or ?server=us'
    ],
    [
      "has to be one that the key sees",
      { servers: { ...three, us: has }, id: "us", bounds: { servers: ["br"] } },
      'ServerNotFound: There is no server "us": ask for ?server=br'
    ],
    [
      "is nowhere, if all of the key's servers left the settings",
      { servers: three, id: "us", bounds: { servers: ["old"] } },
      'ServerNotFound: There is no server "us"'
    ],
    [
      "is nowhere for an instance, if all of the key's servers left the settings",
      { servers: three, bounds: { servers: ["old"] } },
      notFound
    ],
    [
      "does not matter, if the key does not see the name",
      { servers: { eu: has }, bounds: { instances: ["other-*"] } },
      notFound
    ]
  ])("%s", (_, asked, expected) => {
    expect(ofInstance(asked)).toBe(expected)
  })
})

describe("The server of a new instance", () => {
  it.each<readonly [string, Asked, string]>([
    ["is the one there is", { servers: { eu: none } }, "eu"],
    ["is default, whichever has the name", { servers: { default: none, br: has } }, "default"],
    ["is the one that is named", { servers: three, id: "us" }, "us"],
    ["is the only one that the key sees", { servers: three, bounds: { servers: ["us"] } }, "us"],
    [
      "is asked for without default, even if only one has the name",
      { servers: { eu: has, br: none } },
      'ServerAmbiguous: More than one server may get the instance "shop": say which one is meant, with ?server=eu or ?server=br'
    ],
    [
      "is no matter, if the key does not see the name",
      { servers: three, id: "eu", bounds: { instances: ["x"] } },
      notFound
    ]
  ])("%s", (_, asked, expected) => {
    expect(forNew(asked)).toBe(expected)
  })
})

describe("The servers of events", () => {
  it("are all, or those of the key, if neither a server nor an instance is named", () => {
    expect(answer({ servers: three }, Target.ofEvents(undefined, undefined))).toBe(null)
    const bound = { servers: three, bounds: { servers: ["br"] } }
    expect(answer(bound, Target.ofEvents(undefined, undefined))).toEqual(["br"])
  })

  it("is the one of the instance", () => {
    expect(ofEvents({ servers: { ...three, br: has } })).toEqual(["br"])
    expect(ofEvents({ servers: three, id: "us" })).toEqual(["us"])
    expect(ofEvents({ servers: { ...three, br: has, us: has } })).toContain("ServerAmbiguous")
  })

  it("are all for an instance that no server has any more, whose events stay", () => {
    expect(ofEvents({ servers: three })).toBe(null)
    expect(ofEvents({ servers: { ...three, us: has }, bounds: { servers: ["eu"] } })).toEqual([
      "eu"
    ])
  })
})

describe("A key that is bound to some servers", () => {
  it("gets for a server, and for an instance, that it does not see the answer for one that does not exist", () => {
    const subsets = [["eu"], ["br"], ["eu", "br"], ["default"], ["default", "br"], []]
    for (const servers of subsets)
      for (const kept of [three, { ...three, default: none }]) {
        const hidden = Object.keys(kept).filter((one) => !servers.includes(one))
        for (const other of hidden) {
          const [empty, full] = [kept, { ...kept, [other]: has }]
          const bounds = { servers }
          for (const ask of [ofInstance, forNew, ofEvents] as const) {
            expect(ask({ servers: full, bounds })).toEqual(ask({ servers: empty, bounds }))
            const about = ask({ servers: full, bounds, id: other })
            const nothing = ask({ servers: full, bounds, id: "nothing" })
            expect(about).toBe(String(nothing).replace('"nothing"', `"${other}"`))
          }
        }
      }
  })
})
