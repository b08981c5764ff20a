/** TLS by an authority of one's own, as companies have it. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { createServer } from "node:tls"
import { Effect } from "effect"
import { temporaryDirectory } from "./ServiceProcess.ts"

/** A certificate for `localhost` and `evolution.invalid` by an authority that nobody knows, and that authority's own. */
export const certificates = Effect.map(temporaryDirectory, (directory) => {
  const file = (name: string) => join(directory, name)
  const openssl = (...args: ReadonlyArray<string>) =>
    execFileSync("openssl", args, { cwd: directory, stdio: "ignore" })
  const key = ["-newkey", "rsa:2048", "-nodes"]
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=A private authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem"
  )
  openssl("req", ...key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
  writeFileSync(file("names"), "subjectAltName=DNS:localhost,DNS:evolution.invalid")
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
  openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem")
  return {
    authority: file("ca.pem"),
    key: readFileSync(file("server.key")),
    cert: readFileSync(file("server.pem"))
  }
})

/** TLS in front of a port, for REST and the socket alike. */
export const tlsInFrontOf = (url: string, pair: { readonly key: Buffer; readonly cert: Buffer }) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly stop: () => void }>((resume) => {
      const server = createServer(pair, (client) => {
        const behind = connect(Number(new URL(url).port), "127.0.0.1")
        client.on("error", () => behind.destroy())
        behind.on("error", () => client.destroy())
        client.pipe(behind).pipe(client)
      }).listen(0, "localhost", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ port, stop: () => server.close() }))
      })
      server.on("tlsClientError", () => undefined) // who does not trust us hangs up
    }),
    ({ stop }) => Effect.sync(stop)
  )
