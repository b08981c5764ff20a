import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { OpenApi } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Either, Schema } from "effect"
import { parse, parseAllDocuments } from "yaml"
import * as AppConfig from "../src/AppConfig.ts"
import * as StopPlan from "../src/Concurrency/StopPlan.ts"
import { Api } from "../src/Http/Api.ts"
import { Compose, dependenciesOf, sourcesOf } from "./deployment/Compose.ts"
import { Deployment, PodDisruptionBudget, Service } from "./deployment/Kubernetes.ts"
import { settingNames } from "./support/settingNames.ts"
import { settings } from "./support/settings.ts"

const root = join(import.meta.dirname, "..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const paths = Object.keys(OpenApi.fromApi(Api).paths)
const dockerfile = read("Dockerfile")

describe("the compose file", () => {
  const text = read("docker-compose.yml")
  const compose = Schema.decodeUnknownSync(Compose)(parse(text))
  const services = Object.entries(compose.services)

  it("is valid, and refers only to services and volumes that it has", () => {
    const files = new Set<string>()
    for (const [name, service] of services) {
      for (const other of dependenciesOf(service)) {
        expect(compose.services[other], `${name} needs ${other}`).toBeDefined()
        if (!Array.isArray(service.depends_on))
          expect(compose.services[other]?.healthcheck, `health of ${other}`).toBeDefined()
      }
      for (const { source } of service.configs ?? [])
        expect(compose.configs[source], `${name}'s ${source}`).toBeDefined()
      for (const source of sourcesOf(service)) {
        files.add(source)
        const isThere = source.startsWith("./")
          ? existsSync(join(root, source))
          : source in compose.volumes
        expect(isThere, `${name}'s ${source}`).toBe(true)
      }
    }
    expect(Object.keys(compose.volumes).filter((volume) => !files.has(volume))).toEqual([])
  })

  it("is refused with a misspelt key at any depth", () => {
    const decode = Schema.decodeUnknownEither(Compose)
    expect(Either.isRight(decode(parse(text)))).toBe(true)
    for (const [right, wrong] of [
      ["read_only:", "readonly:"],
      ["interval: 3s", "intervall: 3s"],
      ["127.0.0.1:8080:8080", "8080:8080"],
      [":v2.3.7", ":latest"],
      ['DEL_INSTANCE: "false"', "DEL_INSTANCE: false"]
    ] as const)
      expect(Either.isLeft(decode(parse(text.replace(right, wrong)))), wrong).toBe(true)
  })

  it("requires only values that its user must choose", () => {
    const asked = [...text.matchAll(/\$\{(\w+)(:?[?-])?/g)]
    const known = new Set(asked.filter(([, , how]) => how?.endsWith("?")).map(([, name]) => name))
    expect([...known].sort()).toEqual(["API_KEY", "EVOLUTION_API_KEY", "POSTGRES_PASSWORD"])
    for (const [, name, how] of asked)
      expect(known.has(name) || how === ":-", `${name} has a default`).toBe(true)
  })

  it("brings Postgres, Evolution and us to health", () => {
    for (const name of ["postgres", "evolution-api", "listener"])
      expect(compose.services[name]?.healthcheck, name).toBeDefined()
    expect(compose.services["evolution-api"]?.image).toBe("evoapicloud/evolution-api:v2.3.7")
    const { environment = {}, healthcheck } = compose.services.listener ?? {}
    expect(healthcheck?.test).toEqual(["CMD", "node", "/app/dist/healthcheck.js", "ready"])
    expect(Object.keys(environment).filter((name) => !settingNames.includes(name))).toEqual([])
  })

  it("runs as many of this service as wanted: each has a port of its own, and knows of the others", () => {
    const { listener } = compose.services
    expect(listener?.ports?.join()).toMatch(/^127\.0\.0\.1:\$\{LISTENER_PORTS:-8000\}:8000$/)
    expect(listener?.environment?.CLUSTER).toMatch(/^\$\{CLUSTER:-false\}$/)
    // An address of one of them would be given to all.
    expect(listener?.environment).not.toHaveProperty("CLUSTER_ADDRESS")
    expect(text).not.toContain("container_name")
    const [head = ""] = text.split("\nname:")
    const [, variables = ""] =
      /^# +((?:\w+=\S+ )+)docker compose up --scale listener=3$/m.exec(head) ?? []
    const given = Object.fromEntries(
      variables
        .trim()
        .split(" ")
        .map((one) => one.split("="))
    )
    expect(given.CLUSTER).toBe("true")
    const [first, last] = String(given.LISTENER_PORTS).split("-").map(Number)
    expect(Number(last) - Number(first) + 1).toBe(3)
  })

  it("scrapes each of them, not the one whose address comes first", () => {
    const { scrape_configs } = parse(read("ops/prometheus.yml"))
    expect(scrape_configs).toMatchObject([
      { dns_sd_configs: [{ names: ["listener"], type: "A", port: 8000 }] }
    ])
  })

  it("builds the images whose files come from here", () => {
    for (const { build } of Object.values(compose.services))
      if (typeof build === "object" && build.dockerfile !== undefined) {
        const dockerfile = read(join(build.context, build.dockerfile))
        // A tag that says a version, and modes that do not come from the clone.
        expect(dockerfile).toMatch(/^FROM [a-z0-9./-]+:v?\d[\w.-]*$/m)
        for (const [, files = ""] of dockerfile.matchAll(/^COPY --chmod=07?[46][45]5? (.+) \S+$/gm))
          for (const file of files.split(" "))
            expect(existsSync(join(root, build.context, file)), file).toBe(true)
        expect(dockerfile).not.toMatch(/^COPY (?!--chmod)/m)
      }
  })

  it("closes Grafana's administrator, also by basic authentication", () => {
    expect(compose.services.grafana?.environment).toMatchObject({
      GF_AUTH_BASIC_ENABLED: "false",
      GF_AUTH_DISABLE_LOGIN_FORM: "true",
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true"
    })
  })

  it("gives this service no privileges, and only its data to write to", () => {
    expect(compose.services.listener).toMatchObject({
      read_only: true,
      init: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      volumes: ["listener:/data"]
    })
  })

  it("makes every socket of Evolution require a key", () => {
    expect(compose.services["evolution-api"]?.environment).toMatchObject({
      WEBSOCKET_ENABLED: "true",
      WEBSOCKET_GLOBAL_EVENTS: "true",
      WEBSOCKET_ALLOWED_HOSTS: "none",
      AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES: "false"
    })
  })
})

describe("the example for Kubernetes", () => {
  const documents = parseAllDocuments(read("ops/k8s.yaml")).map((one) => {
    expect(one.errors).toEqual([])
    return one.toJS()
  })
  const deployment = Schema.decodeUnknownSync(Deployment)(documents[0])
  const service = Schema.decodeUnknownSync(Service)(documents[1])
  const budget = Schema.decodeUnknownSync(PodDisruptionBudget)(documents[2])
  const { template } = deployment.spec
  const [container] = template.spec.containers

  it("is refused with a misspelt key at any depth", () => {
    const text = read("ops/k8s.yaml")
    for (const [right, wrong] of [
      ["readOnlyRootFilesystem", "readonlyRootFilesystem"],
      ["drop: [ALL]", "drops: [ALL]"],
      ["replicas: 2", "replicas: 1"],
      ["maxUnavailable: 0", "maxUnavailable: 1"],
      ["podIP", "hostIP"]
    ] as const) {
      const [first] = parseAllDocuments(text.replace(right, wrong))
      const decoded = Schema.decodeUnknownEither(Deployment)(first?.toJS())
      expect(Either.isLeft(decoded), wrong).toBe(true)
    }
  })

  it("has a deployment, a service and a budget with matching labels", () => {
    expect(documents).toHaveLength(3)
    const labels = template.metadata.labels
    const [apart] =
      template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution
    for (const chosen of [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
      apart.podAffinityTerm.labelSelector.matchLabels
    ])
      expect(chosen).toEqual(labels)
    expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas)
    const ports = container.ports.map(({ name }) => name)
    for (const { targetPort } of service.spec.ports) expect(ports).toContain(targetPort)
    expect(container.ports[0]?.containerPort).toBe(Number(/ PORT=(\d+)/.exec(dockerfile)?.[1]))
  })

  it("uses liveness for restarts and readiness for traffic", () => {
    expect(container.livenessProbe.httpGet.path).toBe("/health/live")
    expect(container.startupProbe.httpGet.path).toBe("/health/live")
    expect(container.readinessProbe.httpGet.path).toBe("/health/ready")
    for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
      expect(paths).toContain(httpGet.path)
      expect(container.ports.map(({ name }) => name)).toContain(httpGet.port)
    }
  })

  it("sets only existing variables, and takes every secret from the Secret", () => {
    const names = container.env.map(({ name }) => name)
    expect(names.filter((name) => !settingNames.includes(name))).toEqual(["POD_IP"])
    const made = [...read("ops/k8s.yaml").matchAll(/--from-literal=([\w-]+)=/g)].map(
      ([, key]) => key
    )
    const secret = container.env.flatMap((one) =>
      "valueFrom" in one && "secretKeyRef" in one.valueFrom
        ? [[one.name, one.valueFrom.secretKeyRef.key] as const]
        : []
    )
    expect(secret.map(([name]) => name).sort()).toEqual([
      "API_KEY",
      "DATABASE_URL",
      "ENCRYPTION_KEY",
      "EVOLUTION_API_KEY"
    ])
    expect(secret.map(([, key]) => key).sort()).toEqual([...made].sort())
  })

  it.effect("gives each replica an address that the settings accept", () => {
    const values = new Map<string, string>()
    for (const one of container.env) {
      // Kubernetes puts in the variables that stand before.
      const text =
        "value" in one ? one.value : one.name === "POD_IP" ? "10.0.0.7" : "postgres://db/x"
      values.set(
        one.name,
        text.replaceAll(/\$\((\w+)\)/g, (all, name: string) => values.get(name) ?? all)
      )
    }
    return Effect.gen(function* () {
      const { address } = yield* yield* AppConfig.cluster
      expect(address.href).toBe(`http://10.0.0.7:${container.ports[0]?.containerPort}/`)
    }).pipe(Effect.provide(settings(Object.fromEntries(values))))
  })

  it("gives the service more time to stop than it needs", () => {
    const needed = Duration.toSeconds(Duration.sum(StopPlan.leaving, StopPlan.budget))
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(needed + 5)
  })
})
