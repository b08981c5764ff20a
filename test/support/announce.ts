/** Before the first test: makes what is old, prints what the run uses, and what it skips for want of it. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import type { TestProject } from "vitest/node"
import { interpreters } from "../Examples/interpreters.ts"
import { hasNats, hasRabbitMq, listens, natsUrl, rabbitMqUrl } from "./Brokers.ts"
import { executable, howToGetOne } from "./Browser.ts"
import { refreshArchive } from "./pgdata.ts"

export interface Surroundings {
  readonly workers: number | string | undefined
  /** `TEST_DATABASE_URL`. */
  readonly databaseUrl: string | undefined
  readonly browser: string | undefined
  readonly hasPgDump: boolean
  readonly hasPostgresBinaries: boolean
  readonly hasPromtool: boolean
  /** Brokers that do not run here, and the settings that name others. */
  readonly withoutBrokers: ReadonlyArray<string>
  /** Servers of brokers that tests cannot start for themselves, with Debian's packages. */
  readonly withoutServers: ReadonlyArray<string>
  /** Languages whose example cannot run here. */
  readonly withoutLanguages: ReadonlyArray<string>
}

/** The address without its password and options. */
const placeOf = (url: string): string => {
  const { host = "", pathname = "" } = URL.canParse(url) ? new URL(url) : {}
  return host === "" ? "an address that cannot be read" : `${host}${pathname}`
}

export const linesOf = ({
  browser,
  databaseUrl,
  hasPgDump,
  hasPostgresBinaries,
  hasPromtool,
  withoutBrokers,
  withoutLanguages,
  withoutServers,
  workers
}: Surroundings): ReadonlyArray<string> => [
  `Workers: ${workers ?? "as many as vitest takes"}`,
  databaseUrl === undefined
    ? "Postgres: the embedded one. Skipped: storage on a native Postgres. Set TEST_DATABASE_URL"
    : `Postgres: ${placeOf(databaseUrl)}, and the embedded one`,
  browser === undefined ? howToGetOne : `Browser: ${browser}`,
  ...(databaseUrl !== undefined && hasPgDump
    ? []
    : ["Skipped: the search for planted secrets. It needs TEST_DATABASE_URL and pg_dump"]),
  ...(hasPostgresBinaries
    ? []
    : [
        "Skipped: the cluster of the chaos suite. Install Postgres (Debian: apt-get install postgresql)"
      ]),
  ...(hasPromtool
    ? []
    : [
        "Skipped: alert rules and metrics by promtool. Install it (Debian: apt-get install prometheus)"
      ]),
  ...withoutBrokers.map(
    (broker) => `Skipped: deliveries to ${broker}, as it does not run. Start it, or set an address`
  ),
  ...withoutServers.map(
    (name) =>
      `Skipped: a broker that is killed under load. Install it (Debian: apt-get install ${name})`
  ),
  ...withoutLanguages.map(
    (language) =>
      `Skipped: the example in ${language}. Install it (Debian: apt-get install python3 php-cli)`
  )
]

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0

/** Vitest calls it once for a run, and once for watch mode. */
export default async (project: TestProject): Promise<void> => {
  await refreshArchive()
  project.onTestsRerun(refreshArchive)
  const lines = linesOf({
    workers: project.config.maxWorkers,
    databaseUrl: process.env.TEST_DATABASE_URL,
    browser: executable,
    hasPgDump: has("pg_dump"),
    hasPostgresBinaries: existsSync("/usr/lib/postgresql"),
    hasPromtool: has("promtool"),
    withoutBrokers: [
      ...((await listens(rabbitMqUrl)) ? [] : ["RabbitMQ (TEST_RABBITMQ_URL)"]),
      ...((await listens(natsUrl)) ? [] : ["NATS (TEST_NATS_URL)"])
    ],
    withoutServers: [
      ...(hasRabbitMq ? [] : ["rabbitmq-server"]),
      ...(hasNats ? [] : ["nats-server"])
    ],
    withoutLanguages: interpreters.flatMap(({ isThere, name }) => (isThere ? [] : [name]))
  })
  process.stdout.write(`${lines.map((line) => ` ${line}`).join("\n")}\n`)
}
