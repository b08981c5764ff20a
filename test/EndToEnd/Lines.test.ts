import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { at, listener, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const Line = Schema.parseJson(
  Schema.Struct({
    message: Schema.Unknown,
    logLevel: Schema.String,
    annotations: Schema.Record({ key: Schema.String, value: Schema.Unknown })
  })
)
const decode = Schema.decodeUnknownSync(Line)

/** What is about the service, or about all instances at once. */
const isAboutNone =
  /^(Running migration|Migrations complete|Listening on |Cannot write the heartbeat|No link to Evolution|Evolution \S+ at |Instances|Listened to:|Events:|Evolution's events reach us|What is so|Fiber terminated|This replica owns the server|The server is released)/

describe("the service's output without a terminal", () => {
  it.scopedLive(
    "is a JSON object a line, and says of which instance it is",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const service = yield* startService({
          ...at(evolution),
          LOG_LEVEL: "debug",
          DATA_DIR: yield* temporaryDirectory
        })
        const until = (wanted: string) =>
          service.until("/instances/loja-1", (status) => listener(status) === wanted)
        yield* service.call("/instances", { body: { name: "loja-1" } })
        yield* until("Listening")
        // Somebody else creates one, and one's name is none that we accept.
        for (const instanceName of ["loja-2", "Loja do João"])
          yield* Effect.promise(() =>
            fetch(`${evolution.url}/instance/create`, {
              method: "POST",
              headers: { apikey: evolution.apiKey, "content-type": "application/json" },
              body: JSON.stringify({ instanceName, integration: "WHATSAPP-BAILEYS" })
            })
          )
        yield* service.until("/instances/loja-2", (status) => listener(status) === "Listening")
        evolution.refuse({ status: 502, body: "Bad Gateway" })
        evolution.drop()
        yield* until("Waiting")
        evolution.refuse("license")
        yield* service.call("/instances/loja-1/restart", { method: "POST" })
        evolution.refuse(undefined)
        yield* service.call("/instances/loja-1/restart", { method: "POST" })
        yield* until("Listening")
        evolution.emit("loja-1", "connection.update", { state: "of no kind" })
        yield* service.call("/instances/loja-1", { method: "DELETE" })
        expect((yield* service.stop("SIGTERM")).code).toBe(0)

        const lines = service
          .output()
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => decode(line))
        const ofInstances = lines.filter(({ message }) => !isAboutNone.test(String(message)))
        expect(ofInstances.length).toBeGreaterThan(3)
        for (const { annotations, message } of ofInstances)
          expect(["loja-1", "loja-2", "Loja do João"], String(message)).toContain(
            annotations.instance
          )
      }),
    60_000
  )
})
