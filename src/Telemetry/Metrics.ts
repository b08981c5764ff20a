/**
 * The metrics that the service counts as events happen: names, help texts, labels. Values that can be
 * read at the time of a scrape are not counted here (`Http/Metrics`). A label has few values: never an
 * instance's name, never a path as it was sent.
 */
import { Metric, MetricBoundaries, MetricKey, type MetricKeyType, MetricLabel } from "effect"

export const prefix = "evolution_listener_"

export interface Declared {
  /** With the prefix, without the suffixes of the text format. */
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge" | "histogram"
  /** Counted under the label `server` where there are several: the fibers of a server carry it (`Instances/Servers`). */
  readonly isByServer: boolean
}

type Untyped = MetricKeyType.MetricKeyType.Untyped

const families: Array<Declared> = []

/** Every family, also before its first count. */
export const declared: ReadonlyArray<Declared> = families

const declare = <Type extends Untyped>(
  type: Declared["type"],
  help: string,
  key: MetricKey.MetricKey<Type>,
  isByServer = false
): MetricKey.MetricKey<Type> => {
  families.push({ name: key.name, help, type, isByServer })
  return key
}

const counter = (name: string, help: string) =>
  declare("counter", help, MetricKey.counter(prefix + name))

const counterByServer = (name: string, help: string) =>
  declare("counter", help, MetricKey.counter(prefix + name), true)

const gauge = (name: string, help: string) => declare("gauge", help, MetricKey.gauge(prefix + name))

const histogram = (name: string, help: string, bounds: ReadonlyArray<number>) =>
  declare(
    "histogram",
    help,
    MetricKey.histogram(prefix + name, MetricBoundaries.fromIterable(bounds))
  )

/** A counter that is exported with 0 before the first count. */
const single = <Type extends Untyped>(key: MetricKey.MetricKey<Type>) =>
  Metric.fromMetricKey(key).register()

/** One member for each combination of the labels' values, made on first use. */
const labelled = <Type extends Untyped, const Label extends string>(
  key: MetricKey.MetricKey<Type>,
  labels: ReadonlyArray<Label>
) => {
  const make = (values: ReadonlyArray<string>) =>
    Metric.fromMetricKey(
      MetricKey.taggedWithLabels(
        key,
        labels.map((label, index) => MetricLabel.make(label, values[index] ?? ""))
      )
    )
  const members = new Map<string, ReturnType<typeof make>>()
  return (of: Readonly<Record<Label, string>>) => {
    const values = labels.map((label) => of[label])
    const id = values.join("\n")
    const member = members.get(id) ?? make(values)
    members.set(id, member)
    return member
  }
}

export const eventsIgnored = single(
  counterByServer(
    "events_ignored",
    "Events of instances that nobody listens to; counted and dropped"
  )
)
/** `event` as `EventName.boundedName` gives it. */
export const eventsCommitted = labelled(
  counterByServer("events_committed", "Events written into the log, by name and how they came"),
  ["event", "origin"]
)
export const decodeFailures = single(
  counter("decode_failures", "Events that are not what Evolution's events are; put in quarantine")
)
export const eventsQuarantined = single(
  counterByServer(
    "events_quarantined",
    "Events put in quarantine, undecodable or refused by the database"
  )
)
/** `event`: a name of `EventCatalog`. */
export const schemaDrift = labelled(
  counter("schema_drift", "Events looked at whose data is not as the catalogue of events says"),
  ["event"]
)
export const batchEvents = single(
  histogram("batch_events", "Events written at once", [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000])
)
export const commitSeconds = single(
  histogram(
    "commit_seconds",
    "How long a batch took to be written, tries in vain included",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
  )
)
/** `reason`: `Degraded`'s, or `other`. */
export const commitFailures = labelled(
  counter("commit_failures", "Tries to write a batch that failed for want of the database"),
  ["reason"]
)

/** `outcome`: `up`, `interrupted`, or the tag of the error. */
export const dials = labelled(
  counterByServer("dials", "Attempts to open a socket to Evolution, by outcome"),
  ["outcome"]
)
/** `cause`: `GapCause`. */
export const gapsOpened = labelled(
  counterByServer("gaps_opened", "Times at which an instance ceased to be heard, by cause"),
  ["cause"]
)
export const backfillFetched = single(
  counterByServer("backfill_fetched", "Messages fetched again that the log did not have")
)
export const backfillPages = single(
  counterByServer("backfill_pages", "Stretches of time whose messages were fetched again")
)
export const statesDrifted = single(
  counterByServer(
    "states_drifted",
    "Differences between what the events told and what Evolution says"
  )
)
export const subscriptionsDrifted = single(
  counterByServer(
    "subscriptions_drifted",
    "Instances whose list of wanted events had shrunk at Evolution"
  )
)

/** `reason`: `TenureReason`. */
export const takeovers = labelled(
  counterByServer(
    "takeovers",
    "Times at which this process became the owner of a server, by the reason"
  ),
  ["reason"]
)
export const fenced = single(
  counterByServer("fenced", "Times at which this process found that another one owns its server")
)

/** `outcome`: `delivered`, or `FailureKind`. */
export const deliveryAttempts = labelled(
  counterByServer("delivery_attempts", "Attempts to deliver an event to an endpoint, by outcome"),
  ["type", "outcome"]
)
export const deliverySeconds = single(
  histogram(
    "delivery_seconds",
    "How long it took from the reception of an event to its delivery at the first attempt",
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300]
  )
)

/** `stream`: `events`, `pairing`, or `replicas` (other replicas, which read notes). */
export const sseReaders = labelled(
  gauge("sse_readers", "Readers connected to a stream of server-sent events"),
  ["stream"]
)
const httpLabels = ["route", "method"] as const
export const httpRequests = labelled(
  counter("http_requests", "Requests answered, by route template"),
  [...httpLabels, "code"]
)
export const httpSeconds = labelled(
  histogram(
    "http_request_seconds",
    "How long it took until an answer began",
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  ),
  httpLabels
)
