import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { directions, names } from "../../support/names.ts"
import { type Client, clientAt, json, server } from "./server.ts"

/** Every call about an instance that has its name in the path. */
const calls: Readonly<
  Record<string, (client: Client, name: InstanceName) => Effect.Effect<unknown, unknown>>
> = {
  "GET /instance/connect": ({ connect }, name) => connect(name, "5511999990001"),
  "GET /instance/connectionState": ({ connectionState }, name) => connectionState(name),
  "POST /instance/restart": ({ restart }, name) => restart(name),
  "DELETE /instance/logout": ({ logout }, name) => logout(name),
  "DELETE /instance/delete": (client, name) => client.delete(name),
  "GET /websocket/find": ({ findWebSocket }, name) => findWebSocket(name),
  "POST /websocket/set": ({ setWebSocket }, name) => setWebSocket(name, []),
  "POST /chat/findMessages": ({ findMessages }, name) => findMessages(name, { pageSize: 1 })
}

describe("EvolutionClient and a name", () => {
  it.scopedLive.each(names)("every call carries %j as it is", (text) =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(400, {}))
      const client = yield* clientAt(url)
      const name = InstanceName.make(text)
      for (const ask of Object.values(calls)) yield* Effect.ignore(ask(client, name))
      yield* Effect.ignore(client.fetchInstances(name))
      const asked = requests.map(({ call }) => call.split("?")[0] ?? "")
      for (const call of Object.keys(calls)) {
        const path = asked.find((one) => one.startsWith(`${call}/`)) ?? ""
        expect(decodeURIComponent(path.slice(call.length + 1)), call).toBe(text)
        expect(path.split("/").length).toBe(call.split("/").length + 1)
      }
      const query = requests.find(({ call }) => call.includes("fetchInstances"))?.call ?? ""
      expect(new URL(query.split(" ")[1] ?? "", url).searchParams.get("instanceName")).toBe(text)
    })
  )

  it.scopedLive.each(directions)("no call about %j is sent, as it would be another one", (text) =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(200, []))
      const client = yield* clientAt(url)
      const name = InstanceName.make(text)
      for (const ask of Object.values(calls))
        expect(yield* Effect.flip(ask(client, name))).toMatchObject({
          _tag: "NameImpossible",
          instance: text,
          message: expect.stringContaining("global mode")
        })
      expect(requests).toEqual([])
      yield* client.fetchInstances(name)
      expect(requests.map(({ call }) => call)).toEqual([
        `GET /instance/fetchInstances?instanceName=${text}`
      ])
    })
  )
})
