/**
 * Asks the service of this container for its health, at the address where it listens:
 *
 *     node dist/healthcheck.js live|ready
 *
 * Exits with 0 if the answer is 200, else with 1. A program of its own, as a container's health check starts
 * one every few seconds, in the memory of the service: this one loads nothing but `node:http`.
 */
import { get } from "node:http"
import { isIPv6 } from "node:net"

/** An address of no interface: the service listens on all of them, so on loopback, too. */
const loopbackOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  "0.0.0.0": ["127.0.0.1"],
  "::": ["::1", "127.0.0.1"]
}

/** A little less than the time that the image's check has. */
const timeout = 2500

/** `undefined` if nothing answers. */
const statusAt = (host: string, port: string, path: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`
    get(url, { timeout, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on("timeout", (): void => resolve(undefined))
      .on("error", () => resolve(undefined))
  })

// The defaults of `AppConfig`, which this program does not load.
const { HOST = "127.0.0.1", PORT = "8000" } = process.env
const [, , question = "live"] = process.argv

for (const host of loopbackOf[HOST] ?? [HOST]) {
  const status = await statusAt(host, PORT, `/health/${question}`)
  if (status === undefined) continue
  process.exit(status === 200 ? 0 : 1)
}
process.exit(1)
