/**
 * Events, streams and webhooks in `/openapi.json`. There an event of the log is one of as many schemas as the catalogue has
 * names, and one more for any other name. The service itself serves the data of an event whatever its shape.
 */
import { type OpenApi, OpenApiJsonSchema } from "@effect/platform"
import { Predicate, Record as Records, Schema } from "effect"
import { EventRecord } from "../../Domain/Event.ts"
import * as EventCatalog from "../../Domain/EventCatalog.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import * as Webhooks from "./Description/Webhooks.ts"

type JsonSchema = OpenApiJsonSchema.JsonSchema

const ref = (component: string) => ({ $ref: `#/components/schemas/${component}` })

/** `messages.upsert` becomes `MessagesUpsertEvent`. */
const componentOf = (event: string): string =>
  `${event.replace(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase())}Event`

const other = "OtherEvent"

/** An event of the log, by the name in `event`. */
export const anyEvent = {
  description:
    "Evolution adds fields, and changes some: an event whose data is not as its schema says is served all the same.",
  oneOf: [...EventCatalog.names.map(componentOf), other].map(ref),
  discriminator: {
    propertyName: "event",
    mapping: Object.fromEntries(
      EventCatalog.names.map((event) => [event, ref(componentOf(event)).$ref])
    )
  }
}

const { data: _data, event: _event, ...facts } = EventRecord.fields

const named = (event: EventCatalog.Name) => {
  const { description, schema, title } = EventCatalog.entries[event]
  return Schema.Struct({ ...facts, event: Schema.Literal(event), data: schema }).annotations({
    identifier: componentOf(event),
    title,
    description
  })
}

const unnamed = Schema.Struct({
  ...facts,
  event: Schema.String.annotations({
    jsonSchema: { type: "string", not: { enum: EventCatalog.names } }
  }),
  data: Schema.Unknown
}).annotations({
  identifier: other,
  title: "Any other event",
  description: "An event of a later version of Evolution: it is stored and served as any other"
})

/** A frame's `data`, which is JSON text. */
const json = (contentSchema: object) => ({
  type: "string",
  contentMediaType: "application/json",
  contentSchema
})

const object = (properties: Record<string, object>) => ({
  type: "object",
  required: Object.keys(properties),
  properties
})

const frame = (
  event: string,
  description: string,
  data: Record<string, object>,
  beside: Record<string, object> = {}
) => ({
  ...object({ ...beside, event: { const: event }, data: json(object(data)) }),
  description
})

const text = { type: "string" }
const cursor = { type: "string", pattern: "^\\d+$", description: "The cursor" }

/** The frames of a stream, as objects of their fields: OpenAPI has no word for server-sent events before 3.2. */
const frames = (listenerState: JsonSchema) => ({
  EventFrame: {
    ...object({ id: cursor, data: json(ref("EventRecord")) }),
    description: "An event of the log. It has no name: an `EventSource` gives it to `onmessage`."
  },
  HelloFrame: frame(
    "hello",
    "The first frame; also one in the middle, where events were purged before the stream came to them.",
    {
      recovered: {
        type: "boolean",
        description: "False if events after the cursor, of those asked for, were purged."
      },
      cursor: { type: "integer", description: "Events after this one follow." }
    },
    { id: cursor }
  ),
  StatusFrame: frame("status", "A listener's new state, which is no event of the log.", {
    name: ref("InstanceName"),
    server: ref("ServerId"),
    state: listenerState
  }),
  ByeFrame: frame("bye", "The last frame, when the service ends the stream.", {
    reason: { type: "string", enum: ["too_slow", "stopping", "unauthorized"] },
    message: text
  })
})

const frameNames = ["EventFrame", "HelloFrame", "StatusFrame", "ByeFrame"]

/** The body of a stream. */
export const anyStream = {
  type: "string",
  contentMediaType: "text/event-stream",
  contentSchema: { type: "array", items: { anyOf: frameNames.map(ref) } }
} as const

/** Effect marks `unknown` and its like by an `$id`; in one document an `$id` may stand once. */
const withoutMarks = (record: Record<string, unknown>): Record<string, unknown> => {
  const { $id, title, ...rest } = record
  const isMarked = typeof $id === "string" && $id.startsWith("/schemas/")
  return Records.map(isMarked ? rest : record, inside)
}

const inside = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(inside) : Predicate.isRecord(value) ? withoutMarks(value) : value

const serverMeant =
  "The Evolution server that is meant. Without it, an instance is that of `default`, or of the only server that has it; a list or a stream is of all servers."

/** The schema of the parameter is a reference, which has no words of its own. */
const withServer = (paths: OpenApi.OpenAPISpec["paths"]) =>
  Records.map(paths, (methods) =>
    Object.fromEntries(
      Object.entries(methods).map(([method, { parameters, ...operation }]) => [
        method,
        {
          ...operation,
          parameters: parameters.map((one) =>
            one.name === "server" ? { ...one, description: serverMeant } : one
          )
        }
      ])
    )
  )

/** A message of a webhook has an event with a field more. */
const open = ({
  additionalProperties: _,
  ...schema
}: JsonSchema & { additionalProperties?: unknown }) => schema

/** Adds the schemas that `anyEvent` and `anyStream` refer to, and the messages of webhooks. */
export const describe = (spec: Record<string, unknown>): Record<string, unknown> => {
  // Sound: Effect transforms no other document than the one that it made.
  const { components, paths, tags } = spec as unknown as OpenApi.OpenAPISpec
  const defs: Record<string, JsonSchema> = {}
  const add = (schema: Schema.Schema.All) =>
    OpenApiJsonSchema.makeWithDefs(Schema.make(schema.ast), { defs })
  for (const event of EventCatalog.names) add(named(event))
  add(unnamed)
  for (const event of [...EventCatalog.names.map(componentOf), other]) {
    const schema = defs[event]
    if (schema !== undefined) defs[event] = open(schema)
  }
  const webhooks = Webhooks.webhooks(add)
  const schemas = { ...defs, ...frames(add(ListenerState)), ...components.schemas }
  return withoutMarks({
    ...spec,
    tags: [...tags, { name: "webhooks", description: "Messages that an endpoint sends" }],
    paths: withServer(paths),
    webhooks,
    components: { ...components, parameters: Webhooks.parameters, schemas }
  })
}
