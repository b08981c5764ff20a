/** What we use of the compose file's format; anything else in it is a mistake. */
import { Schema } from "effect"

const strict = { parseOptions: { onExcessProperty: "error" as const } }

const Text = Schema.NonEmptyString

/** `host:container`, on loopback alone; the one of the host may be a variable with a default. */
const Port = Schema.String.pipe(Schema.pattern(/^127\.0\.0\.1:(\d+|\$\{\w+:-\d+\}):\d+$/))

/** A tag that says a version; `latest` would be another thing tomorrow. */
export const Image = Schema.String.pipe(Schema.pattern(/^[a-z0-9./-]+:v?\d[\w.-]*$/))

const Healthcheck = Schema.Struct({
  test: Schema.Array(Text).pipe(
    Schema.minItems(2),
    Schema.filter(([how]) => how === "CMD" || how === "CMD-SHELL")
  ),
  interval: Text,
  timeout: Schema.optional(Text),
  retries: Schema.optional(Schema.Int),
  start_period: Schema.optional(Text)
})

const Service = Schema.Struct({
  build: Schema.optional(
    Schema.Union(
      Text,
      Schema.Struct({
        context: Text,
        dockerfile: Schema.optional(Text),
        target: Schema.optional(Text)
      })
    )
  ),
  image: Schema.optional(Image),
  profiles: Schema.optional(Schema.Array(Text)),
  restart: Schema.Literal("unless-stopped"),
  init: Schema.optional(Schema.Boolean),
  read_only: Schema.optional(Schema.Boolean),
  cap_drop: Schema.optional(Schema.Tuple(Schema.Literal("ALL"))),
  security_opt: Schema.optional(Schema.Tuple(Schema.Literal("no-new-privileges:true"))),
  entrypoint: Schema.optional(Schema.Array(Text)),
  depends_on: Schema.optional(
    Schema.Union(
      Schema.Array(Text),
      Schema.Record({
        key: Text,
        value: Schema.Struct({ condition: Schema.Literal("service_healthy") })
      })
    )
  ),
  ports: Schema.optional(Schema.Array(Port)),
  volumes: Schema.optional(Schema.Array(Text)),
  // YAML's own booleans and numbers would be a surprise there.
  environment: Schema.optional(Schema.Record({ key: Text, value: Schema.String })),
  configs: Schema.optional(
    Schema.Array(
      Schema.Struct({ source: Text, target: Schema.String.pipe(Schema.startsWith("/")) })
    )
  ),
  healthcheck: Schema.optional(Healthcheck)
}).pipe(Schema.filter(({ build, image }) => (build === undefined) !== (image === undefined)))
type Service = typeof Service.Type

const Empty = Schema.Struct({})

export const Compose = Schema.Struct({
  name: Text,
  services: Schema.Record({ key: Text, value: Service }),
  configs: Schema.Record({ key: Text, value: Schema.Struct({ content: Text }) }),
  volumes: Schema.Record({ key: Text, value: Empty })
}).annotations(strict)
export type Compose = typeof Compose.Type

export const dependenciesOf = ({ depends_on = [] }: Service): ReadonlyArray<string> =>
  Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)

/** The named volumes and the files that a service takes from beside the compose file. */
export const sourcesOf = ({ volumes = [] }: Service): ReadonlyArray<string> =>
  volumes.map((volume) => volume.split(":")[0] ?? "")
