import { connect } from "../../../src/Client/mod.ts"

const client = connect({
  baseUrl: "https://listener.example",
  // Your own server asks POST /stream-tokens with its key, and gives the token to pages that it knows.
  streamToken: () => fetch("/stream-token").then((response) => response.text())
})

for await (const { event, instance } of client.events()) console.log(instance, event)
