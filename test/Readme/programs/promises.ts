import { readFile, writeFile } from "node:fs/promises"
import { connect, ServiceError } from "../../../src/Client/mod.ts"

const client = connect({ baseUrl: "http://localhost:8000", apiKey: process.env.API_KEY })

try {
  await client.instances.start({ name: "loja-1" })
} catch (error) {
  if (error instanceof ServiceError && error._tag === "InstanceNotFound")
    await client.instances.create({ name: "loja-1" })
  else throw error
}

const place = await readFile("place", "utf8").catch(() => undefined)
const events = client.events({
  event: "messages.upsert",
  after: place === undefined ? undefined : Number(place),
  onMissed: ({ after }) => console.error(`Events after ${after} were purged`)
})
for await (const { data, instance } of events) {
  console.log(instance, data)
  await writeFile("place", String(events.lastEventId))
}
