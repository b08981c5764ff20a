import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { delivering } from "./Http/Metrics/deliveries.ts"
import { status } from "./Http/Metrics/statuses.ts"
import { house, key, serve } from "./Http/Service.ts"
import { type Family, parse } from "./support/Exposition.ts"

const root = join(import.meta.dirname, "..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const Dashboard = Schema.parseJson(
  Schema.Struct({
    panels: Schema.Array(
      Schema.Struct({
        id: Schema.Int,
        title: Schema.NonEmptyString,
        gridPos: Schema.Struct({ x: Schema.Int, y: Schema.Int, w: Schema.Int, h: Schema.Int }),
        targets: Schema.optional(Schema.Array(Schema.Struct({ expr: Schema.NonEmptyString })))
      })
    )
  })
)
const dashboards = readdirSync(join(root, "ops/grafana/dashboards")).map((name) =>
  Schema.decodeUnknownSync(Dashboard)(read(`ops/grafana/dashboards/${name}`))
)
const panels = dashboards.flatMap(({ panels }) => panels)
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
const rules = [...read("ops/alerts.yml").matchAll(/^ +expr: (.+)$/gm)].map(([, expr = ""]) => expr)

/** What a real service exposes, with an instance in it. */
const exposed = Effect.gen(function* () {
  const shops = { all: Effect.succeed([status("shop", { whatsapp: "open", lastEvent: 3 })]) }
  const { call } = yield* serve(Layer.merge(house(shops), delivering), {
    API_KEY: key,
    METRICS_PER_INSTANCE: "true"
  })
  yield* call("GET", "/instances")
  return parse((yield* call("GET", "/metrics")).text)
})

/** The names of samples that a family has. */
const namesOf = ({ name, type }: Family): ReadonlyArray<string> =>
  type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]

const ours = /\bevolution_listener_\w+/g

describe("the alert rules and the dashboard", () => {
  it.scoped("use only metrics that the service exposes", () =>
    Effect.gen(function* () {
      const known = new Set([...(yield* exposed).values()].flatMap(namesOf))
      expect(rules).toHaveLength(16)
      expect(expressions.length).toBeGreaterThan(30)
      const asked = [...rules, ...expressions].flatMap((expr) => expr.match(ours) ?? [])
      expect(asked.filter((name) => !known.has(name))).toEqual([])
      // A rule's tests may not be about something else, either.
      const tested = read("ops/alerts.test.yml").match(ours) ?? []
      expect(tested.filter((name) => !known.has(name))).toEqual([])
    })
  )

  it.scoped("use only label values that exist", () =>
    Effect.gen(function* () {
      const families = yield* exposed
      const selected = [...rules, ...expressions].flatMap((expr) => [
        ...expr.matchAll(/(evolution_listener_\w+)\{(\w+)="([^"]*)"\}/g)
      ])
      expect(selected.length).toBeGreaterThan(3)
      for (const [all, name = "", label = "", value] of selected) {
        const samples = families.get(name)?.samples ?? []
        expect(
          samples.map(({ labels }) => labels[label]),
          all
        ).toContain(value)
      }
    })
  )

  it.scoped("show every family except those by instance", () =>
    Effect.gen(function* () {
      const text = expressions.join("\n")
      const unseen = [...(yield* exposed).values()].filter(
        (family) => !namesOf(family).some((name) => text.includes(name))
      )
      expect(unseen.map(({ name }) => name).filter((name) => !name.includes("_instance_"))).toEqual(
        []
      )
    })
  )
})

describe("the dashboard", () => {
  it("has panels with unique ids that do not overlap", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const [at, { gridPos: one, title }] of panels.entries()) {
      expect(one.x + one.w, title).toBeLessThanOrEqual(24)
      for (const { gridPos: other, title: another } of panels.slice(at + 1))
        expect(
          one.x < other.x + other.w &&
            other.x < one.x + one.w &&
            one.y < other.y + other.h &&
            other.y < one.y + one.h,
          `${title}, ${another}`
        ).toBe(false)
    }
  })

  it.skipIf(spawnSync("promtool", ["--version"]).status !== 0)(
    "has expressions that Prometheus understands",
    () => {
      const directory = mkdtempSync(join(tmpdir(), "rules-"))
      try {
        const records = expressions.map((expr, at) => ({ record: `panel:${at}`, expr }))
        const file = join(directory, "rules.yml")
        // JSON is YAML.
        writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules: records }] }))
        const { stderr, status: code } = spawnSync("promtool", ["check", "rules", file])
        expect(String(stderr)).toBe("")
        expect(code).toBe(0)
      } finally {
        rmSync(directory, { recursive: true })
      }
    }
  )
})

describe("the compose file", () => {
  const compose = read("docker-compose.yml")

  it("pins every image, and opens ports on loopback alone", () => {
    const bases = ["prometheus", "grafana"].map((name) => read(`ops/${name}.Dockerfile`))
    const images = [compose, ...bases].flatMap((text) =>
      [...text.matchAll(/^(?: +image:|FROM) (.+)$/gm)].map(([, image = ""]) => image)
    )
    expect(images.length).toBeGreaterThanOrEqual(4)
    for (const image of images) expect(image).toMatch(/:v?\d/)
    const ports = [...compose.matchAll(/^ +ports: \["(.+)"\]$/gm)].map(([, port = ""]) => port)
    expect(ports.length).toBeGreaterThanOrEqual(4)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it("mounts no file of this repository, whose modes are those of the clone", () => {
    expect(compose.match(/- \.\/\S+:/g)).toBeNull()
  })

  it("starts Prometheus and Grafana only on demand", () => {
    expect(compose.match(/profiles: \[observability\]/g)).toHaveLength(2)
  })
})
