/** A proxy that serves a service below `/listener/`: our own, or the machine's nginx. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, request } from "node:http"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"

export const prefix = "/listener"

export interface Route {
  readonly port: number
  /** The service's port. */
  readonly to: number
  /** Takes the prefix off before it passes a request on. */
  readonly strips: boolean
}

const ours = ({ port, strips, to }: Route) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((asked, answer) => {
        const { headers, method, url = "" } = asked
        if (!url.startsWith(prefix)) return void answer.writeHead(404).end("404 page not found")
        const path = strips ? url.slice(prefix.length).replace(/^(?!\/)/, "/") : url
        const forwarded = { ...headers, "x-forwarded-host": headers.host ?? "" }
        const passed = request({ port: to, method, path, headers: forwarded }, (received) => {
          answer.writeHead(received.statusCode ?? 502, received.headers)
          received.pipe(answer)
        })
        passed.on("error", () => answer.destroy())
        answer.on("close", () => passed.destroy())
        asked.pipe(passed)
      }).listen(port, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) =>
      Effect.promise(() => {
        server.closeAllConnections()
        return new Promise((closed) => server.close(closed))
      })
  )

const nginxPath = "/usr/sbin/nginx"
export const hasNginx = existsSync(nginxPath)

const configuration = (directory: string, { port, strips, to }: Route) => `
daemon off;
master_process off;
pid ${directory}/pid;
error_log ${directory}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port};
    location ${prefix}/ {
      proxy_pass http://127.0.0.1:${to}${strips ? "/" : ""};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Prefix ${prefix};
    }
  }
}`

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true))
    socket.on("error", () => resolve(false)).on("connect", () => socket.destroy())
  })

const nginx = (route: Route) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const directory = mkdtempSync(join(tmpdir(), "nginx-"))
      const file = join(directory, "nginx.conf")
      writeFileSync(file, configuration(directory, route))
      const child = spawn(nginxPath, ["-p", directory, "-c", file, "-e", `${directory}/error.log`])
      while (!(await isOpen(route.port)) && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 20))
      return { child, directory }
    }),
    ({ child, directory }) =>
      Effect.sync(() => {
        child.kill("SIGKILL")
        rmSync(directory, { recursive: true, force: true })
      })
  )

/** Proxies until the scope closes. */
export const proxies = { ours, ...(hasNginx ? { nginx } : {}) }
