/** The command `simulate`: a simulated Evolution as a program, for tests in any language. */
import { parseArgs } from "node:util"
import { simulate } from "./EvolutionSimulator.ts"

export const usage = `Usage:
  simulate [--port 8080] [--host 127.0.0.1] [--apikey KEY] [--instance NAME]... [--seed NUMBER]
It runs an Evolution API without WhatsApp until it is stopped. Each --instance has a linked phone.
Port 0 is a free one. The key is that of --apikey or AUTHENTICATION_API_KEY. Calls that drive it are at /simulator, the phones at /phone.`

const options = {
  port: { type: "string", default: "8080" },
  host: { type: "string", default: "127.0.0.1" },
  apikey: { type: "string" },
  instance: { type: "string", multiple: true },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", default: false }
} as const

/** Runs until the process gets a signal. Rejects if the arguments are wrong, or the port is taken. */
export const run = async (args: ReadonlyArray<string>): Promise<void> => {
  const { apikey, help, host, instance = [], port, seed } = parsed(args)
  // By an argument, other users of the machine would see a key that is used elsewhere, too.
  const key = apikey ?? process.env.AUTHENTICATION_API_KEY
  if (help) return console.log(usage)
  const evolution = await simulate({
    host,
    linked: instance,
    port: wholeNumber("--port", port, 65_535),
    ...(key === undefined || key === "" ? {} : { apiKey: key }),
    seed: wholeNumber("--seed", seed, 2 ** 32 - 1)
  })
  console.log(
    [
      `A simulated Evolution is at ${evolution.url}, its phones at ${evolution.url}/phone`,
      ...(instance.length === 0 ? [] : [`Linked instances: ${instance.join(", ")}`]),
      `EVOLUTION_API_URL=${evolution.url}`,
      `EVOLUTION_API_KEY=${evolution.apiKey}`
    ].join("\n")
  )
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve())
  })
  await evolution.stop()
}

const parsed = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${usage}`)
  }
}

const wholeNumber = (name: string, text: string, most: number): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > most || text.trim() === "")
    throw new Error(`${name} has to be a whole number up to ${most}, and is "${text}"\n${usage}`)
  return number
}
