/**
 * The pages about events, from the catalogue and the samples. After a change of the catalogue:
 * `node --import tsx test/Readme/events.ts`
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import { samplesOf } from "../support/eventSamples.ts"
import { fieldsOf, shapeOf } from "./eventFields.ts"
import { read, root } from "./pages.ts"

interface Page {
  readonly title: string
  readonly about: string
  readonly events: ReadonlyArray<EventCatalog.Name>
}

/** By the name of its file in `docs/events`. */
const pages: Readonly<Record<string, Page>> = {
  instances: {
    title: "Events about instances",
    about: "An instance is created, linked, logged out or deleted.",
    events: [
      "instance.create",
      "qrcode.updated",
      "connection.update",
      "status.instance",
      "logout.instance",
      "instance.delete",
      "remove.instance",
      "application.startup"
    ]
  },
  messages: {
    title: "Events about messages",
    about:
      "Messages come, are sent, read or deleted. [Messages](../messages.md) shows how to read them without knowing " +
      "WhatsApp's protocol.",
    events: ["messages.upsert", "send.message", "messages.update", "messages.delete"]
  },
  history: {
    title: "Events about edits and the history",
    about: "Messages are edited; the phone's history arrives.",
    events: ["messages.edited", "send.message.update", "messages.set", "messaging-history.set"]
  },
  contacts: {
    title: "Events about contacts and chats",
    about: "Contacts and chats are found, changed or deleted; a person types.",
    events: [
      "contacts.upsert",
      "contacts.update",
      "contacts.set",
      "chats.upsert",
      "chats.update",
      "chats.delete",
      "chats.set",
      "presence.update"
    ]
  },
  groups: {
    title: "Events about groups",
    about: "Groups and their participants change.",
    events: ["groups.upsert", "groups.update", "group-participants.update"]
  },
  others: {
    title: "Events about calls, labels and bots",
    about: "Calls, the labels of WhatsApp Business, and Typebot.",
    events: ["call", "labels.edit", "labels.association", "typebot.start", "typebot.change-status"]
  },
  own: {
    title: "Events of this service",
    about:
      "This service writes them into the log itself; their `origin` is `listener` or `snapshot`.",
    events: [
      "gap.updated",
      "listener.updated",
      "instance.updated",
      "connection.repeated",
      "endpoint.failing",
      "endpoint.blocked",
      "endpoint.recovered",
      "endpoint.disabled"
    ]
  }
}

const anchorOf = (event: string): string => event.replaceAll(".", "")

const sinceText: Readonly<Record<string, string>> = {
  own: "This service writes it",
  none: "No version 2 emits it"
}
const sinceOf = (event: EventCatalog.Name): string => {
  const { since } = EventCatalog.entries[event]
  return sinceText[since] ?? (since === "2.2.0" ? "Every version since 2.2.0" : `Since ${since}`)
}

/** JSON with as few lines as a width of 110 allows. */
const compact = (value: unknown, indent = ""): string => {
  const line = oneLine(value)
  if (line.length + indent.length <= 110 || typeof value !== "object" || value === null) return line
  const deeper = `${indent}  `
  const [open, close, parts] = Array.isArray(value)
    ? ["[", "]", value.map((item) => compact(item, deeper))]
    : [
        "{",
        "}",
        Object.entries(value).map(
          ([key, inner]) => `${JSON.stringify(key)}: ${compact(inner, deeper)}`
        )
      ]
  return `${open}\n${deeper}${parts.join(`,\n${deeper}`)}\n${indent}${close}`
}
const oneLine = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const parts = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}: ${oneLine(inner)}`
  )
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`
}

const section = (event: EventCatalog.Name): string => {
  const { description, schema, source } = EventCatalog.entries[event]
  const [sample] = samplesOf(event)
  const fields = fieldsOf(schema.ast)
  const isKnown = sample !== undefined && !sample.by.startsWith("nobody")
  return [
    `## ${event}`,
    description,
    `${sinceOf(event)}. Source: ${source}. Data: ${shapeOf(schema.ast)}.`,
    ...(fields.length === 0
      ? []
      : [
          [
            "| field | type | meaning |",
            "|---|---|---|",
            ...fields.map(({ meaning, path, type }) => `| \`${path}\` | ${type} | ${meaning} |`)
          ].join("\n")
        ]),
    ...(isKnown
      ? [
          `A sample from ${sample.by}${sample.form === undefined ? "" : ` (${sample.form})`}:`,
          `\`\`\`json\n${compact(sample.data)}\n\`\`\``
        ]
      : [])
  ].join("\n\n")
}

const pageOf = ({ about, events, title }: Page): string =>
  [
    `# ${title}`,
    `${about} [Events](../events.md) says how to read this page.`,
    events.map((event) => `- [${event}](#${anchorOf(event)})`).join("\n"),
    ...events.map(section)
  ].join("\n\n")

const table = (): string =>
  [
    "| event | what it tells | since |",
    "|---|---|---|",
    ...Object.entries(pages).flatMap(([file, { events }]) =>
      events.map((event) => {
        const { since, title } = EventCatalog.entries[event]
        return `| [\`${event}\`](events/${file}.md#${anchorOf(event)}) | ${title} | ${since === "none" ? "–" : since} |`
      })
    )
  ].join("\n")

const index = "docs/events.md"

/** Each page about events, by its path from the top of the repository. */
export const eventPages = (): ReadonlyMap<string, string> =>
  new Map([
    [index, read(index).replace(/^\| event \|[^\n]*\n(?:\|[^\n]*\n)*/m, `${table()}\n`)],
    ...Object.entries(pages).map(
      ([file, page]) => [`docs/events/${file}.md`, `${pageOf(page)}\n`] as const
    )
  ])

if (process.argv[1] === import.meta.filename)
  for (const [path, text] of eventPages()) writeFileSync(join(root, path), text)
