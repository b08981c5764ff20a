import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { parse } from "yaml"
import { bundle } from "../support/bundle.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const dockerfile = read("Dockerfile")
const [, built = "", simulator = "", runtime = ""] = dockerfile.split(/^FROM /m)

describe("the image", () => {
  it("runs node directly, without root, from the bundle", () => {
    expect(runtime).toMatch(/^USER node$/m)
    expect(runtime).toMatch(/HOST=0\.0\.0\.0 .*DATA_DIR=\/data/)
  })

  // argoproj-labs/mcp-for-argocd#128, nodejs/docker-node#1651, codewars/codewars-runner-cli#262: the arguments of
  // `docker run` replace a CMD.
  it("has the program as its entry point, so that arguments are the program's", () => {
    expect(runtime).toMatch(/^ENTRYPOINT \["node", "\/app\/dist\/main\.js"\]$/m)
    expect(runtime).toMatch(/^CMD \[\]$/m)
  })

  it("copies only files that .dockerignore lets through", () => {
    const [all, ...passed] = read(".dockerignore").trim().split("\n").slice(1)
    expect(all).toBe("*")
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files = ""]) => files.split(" ")
    )
    expect(copied.map((file) => `!${file}`).sort()).toEqual([...passed].sort())
    for (const file of copied) expect(existsSync(join(root, file)), file).toBe(true)
  })

  // Netflix/security_monkey#959, guillaumemeyer/watermarks-remover#131, elie222/rakazo#355, alex/letsencrypt-aws#86,
  // linuxserver-archive/docker-booksonic-air#13: COPY keeps the modes of the clone.
  it("takes no mode from the clone", () => {
    expect(runtime.match(/^COPY .*$/gm)).toEqual(["COPY --from=build /app /app"])
    expect(simulator.match(/^COPY .*$/gm)).toEqual(["COPY --from=build /simulator /app"])
    expect(built.trim()).toMatch(/&& \\\n {2}chmod -R u=rwX,go=rX \/app \/simulator(\n+# .*)?$/)
  })

  it("has every file that the program opens", () => {
    bundle()
    for (const [, files = ""] of built.matchAll(/^ {2}cp -r (.+) \/(?:app|simulator)\S* && \\$/gm))
      for (const file of files.split(" ")) expect(existsSync(join(root, file)), file).toBe(true)
  })

  it("has the simulated Evolution as a stage of its own, without root, and is last itself", () => {
    expect(simulator).toMatch(/^\$\{NODE_IMAGE\} AS simulator$/m)
    expect(simulator).toMatch(/^USER node$/m)
    expect(simulator).toMatch(
      /^ENTRYPOINT \["node", "\/app\/dist\/simulate\.js", "--host", "0\.0\.0\.0"\]$/m
    )
    const { build } = parse(read("docker-compose.yml")).services.simulator
    expect(build).toEqual({ context: ".", target: "simulator" })
    expect(runtime).toMatch(/main\.js/)
  })

  it("asks by a program that is there", () => {
    expect(runtime).toMatch(/CMD \["node", "\/app\/dist\/healthcheck\.js", "live"\]$/m)
  })

  it("can be built behind a mirror and a private authority", () => {
    expect(built).toMatch(/^ARG NPM_CONFIG_REGISTRY$/m)
    expect(built).toMatch(/--mount=type=secret,id=ca /)
    expect(dockerfile.match(/^FROM \S+/gm)).toEqual(Array(3).fill("FROM $" + "{NODE_IMAGE}"))
  })
})

const compose = read("docker-compose.yml")

/** The shell text of an entry point, as Compose hands it over. */
const scriptOf = (after: string): string => {
  const text = compose.slice(compose.indexOf(after))
  const [, script = ""] = /- \|\n((?: {8}.*\n)+)/.exec(text) ?? []
  return script.replace(/^ {8}/gm, "").replaceAll("$$", "$")
}

describe("a password of any character", () => {
  const passwords = [
    "p@ss/w#rd?1",
    // evolution-foundation/evolution-api#1228: "@"; PatchMon/PatchMon#394: "+" and "/" of base64
    "a@b",
    "puWW4YKdac+oqnu+/d8cu7BH",
    // ankane/pghero#280, sosedoff/pgweb#96: "%"; vitaly-t/connection-string#42: "#"
    "%yaron11",
    "#first",
    // rust-postgres/rust-postgres#453: "$"
    "$Pa$sword",
    " a 'b' \"c\" \\d `e` !f",
    "señha-ñ-密码-👍",
    "a:b[c]d{e}|f^g&h=i;j,k"
  ]

  it("arrives at Evolution's database encoded", () => {
    const script = scriptOf("evolution-api:\n").replace(
      ". ./Docker/scripts/deploy_database.sh && npm run start:prod",
      'printf %s "$DATABASE_CONNECTION_URI"'
    )
    for (const password of passwords) {
      const address = execFileSync("bash", ["-c", script], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, POSTGRES_PASSWORD: password }
      })
      expect(address).toMatch(/^postgresql:\/\/postgres:[^@/?#]+@postgres:5432\/evolution$/)
      expect(decodeURIComponent(new URL(address).password)).toBe(password)
    }
  })

  it("is no part of our address, nor of any other", () => {
    expect(compose).not.toMatch(/:\/\/[^\s@]*\$\{/)
    expect(compose).toMatch(/^ {6}DATABASE_URL: postgresql:\/\/postgres@postgres:5432\/listener$/m)
  })
})

describe("a changed key", () => {
  // docker/compose#11900, docker/compose#13045, internetstandards/Internet.nl#1490: the content of `configs` does not make Compose create a container again.
  it("changes the definition of the container that uses it", () => {
    const [, config = ""] = compose.split(/^configs:$/m)
    expect(config).not.toMatch(/\$\{/)
    expect(compose).toMatch(/^ {6}METRICS_KEY: \$\{METRICS_KEY:-\$\{API_KEY\}\}$/m)
  })

  it("is written where Prometheus reads it", () => {
    const [, file = ""] = /credentials_file: (\S+)/.exec(read("ops/prometheus.yml")) ?? []
    expect(read("ops/prometheus.Dockerfile")).toContain(`>${file} `)
  })
})
