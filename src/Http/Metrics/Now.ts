/** Gauges of one server at this moment: listeners, instances, gaps, and the queue of events. */
import { DateTime, Duration } from "effect"
import * as ClockOffset from "../../Domain/ClockOffset.ts"
import { Degraded } from "../../Domain/Degraded.ts"
import { GapCause } from "../../Domain/Gap.ts"
import { WhatsAppState } from "../../Domain/Instance.ts"
import type { ListenerState } from "../../Domain/ListenerState.ts"
import { type InstanceStatus, UserAction } from "../../Domain/Status.ts"
import { Proven } from "../../Domain/Summary.ts"
import type { Offsets } from "../../Listening/Clocks.ts"
import type { Depth } from "../../Log/Ingest.ts"
import { prefix } from "../../Telemetry/Metrics.ts"
import type { Gauge, Sample } from "./Text.ts"

export interface Moment {
  readonly now: DateTime.Utc
  readonly statuses: ReadonlyArray<InstanceStatus>
  readonly depth: Depth
  readonly degraded: Degraded | null
  readonly offsets: Offsets
  readonly events: Proven
}

export const gauge = (name: string, help: string, samples: ReadonlyArray<Sample>): Gauge => ({
  name: prefix + name,
  help,
  type: "gauge",
  samples
})

export const single = (value: number): ReadonlyArray<Sample> => [{ labels: {}, value }]

/** The gauges of servers as one list. A server that is alone in the settings has no label. */
export const ofServers = (
  servers: ReadonlyArray<readonly [id: string, gauges: ReadonlyArray<Gauge>]>,
  isLabelled: boolean
): ReadonlyArray<Gauge> => {
  const [, first = []] = servers[0] ?? []
  if (!isLabelled) return first
  return first.map((one, nth) => ({
    ...one,
    samples: servers.flatMap(([server, gauges]) =>
      (gauges[nth]?.samples ?? []).map(({ labels, value }) => ({
        labels: { ...labels, server },
        value
      }))
    )
  }))
}

/** Counts each value, 0 included: a series that is missing cannot fall, and alerts compare series. */
const tally = <Label extends string>(
  label: Label,
  values: ReadonlyArray<string>,
  found: ReadonlyArray<string>
): ReadonlyArray<Sample> => {
  const counts = new Map<string, number>()
  for (const value of found) counts.set(value, (counts.get(value) ?? 0) + 1)
  return values.map((value) => ({ labels: { [label]: value }, value: counts.get(value) ?? 0 }))
}

/** The `state` label of a listener; `flapping` is apart from other waits. */
export const stateOf = (state: ListenerState): string =>
  state._tag === "Waiting" && state.isFlapping ? "flapping" : state._tag.toLowerCase()
const states = ["stopped", "connecting", "listening", "waiting", "flapping", "parked"]

/** True if the listener has a link and WhatsApp is connected. */
const isHeard = ({ listener, whatsapp }: InstanceStatus): boolean =>
  listener.state._tag === "Listening" && whatsapp?.state === "open"

/** The offset that is proven, in s; 0 while the clocks may agree. */
const offsetsOf = ({ evolution, whatsapp }: Offsets): ReadonlyArray<Sample> =>
  Object.entries({ evolution, whatsapp }).flatMap(([of, offset]) =>
    offset === null ? [] : [{ labels: { of }, value: ClockOffset.certain(offset) / 1000 }]
  )

export const families = ({
  degraded,
  depth,
  events,
  now,
  offsets,
  statuses
}: Moment): ReadonlyArray<Gauge> => {
  const secondsSince = (time: DateTime.Utc): number =>
    Math.max(0, DateTime.distance(time, now)) / 1000
  /** Seconds since the last event, or since the link came up if none has come. */
  const silence = ({ lastEvent, listener }: InstanceStatus): number =>
    Math.min(
      ...[lastEvent?.at, listener.state.since].map((at) => (at ? secondsSince(at) : Infinity))
    )
  const open = statuses.flatMap(({ gaps }) => (gaps.open === null ? [] : [gaps.open]))
  const ages = statuses.flatMap(({ lastEvent }) =>
    lastEvent === null ? [] : [secondsSince(lastEvent.at)]
  )
  const most = (numbers: ReadonlyArray<number>): number =>
    numbers.reduce((one, other) => Math.max(one, other), 0)
  return [
    gauge(
      "listeners",
      "Listeners by state; flapping: lost so often lately that attempts are a minute apart",
      tally(
        "state",
        states,
        statuses.map(({ listener }) => stateOf(listener.state))
      )
    ),
    gauge(
      "whatsapp_instances",
      "Instances by WhatsApp's state, as Evolution said last; unknown also before it said anything",
      tally(
        "state",
        WhatsAppState.literals,
        statuses.map(({ whatsapp }) => whatsapp?.state ?? "unknown")
      )
    ),
    gauge(
      "user_actions",
      "Instances by what a person can do for them now",
      tally(
        "action",
        UserAction.literals,
        statuses.map(({ userAction }) => userAction)
      )
    ),
    gauge(
      "last_event_age_seconds",
      "Time since any instance's last event; not there before the first",
      ages.length === 0 ? [] : single(ages.reduce((one, other) => Math.min(one, other)))
    ),
    gauge(
      "longest_silence_seconds",
      "Of the instances that are heard and connected to WhatsApp: the longest time without an event",
      single(most(statuses.filter(isHeard).map(silence)))
    ),
    gauge(
      "gaps_open",
      "Instances that should be heard and are not, by cause",
      tally(
        "cause",
        GapCause.literals,
        open.map(({ cause }) => cause)
      )
    ),
    gauge(
      "oldest_open_gap_seconds",
      "For how long the instance that was not heard for the longest time was not heard; 0: all are",
      single(most(open.map(({ from }) => secondsSince(from))))
    ),
    gauge(
      "gaps_unrecovered",
      "Closed gaps whose messages were not all fetched again",
      single(statuses.reduce((sum, { gaps }) => sum + gaps.unrecovered, 0))
    ),
    gauge(
      "clock_offset_seconds",
      "By how much our clock is ahead of Evolution's and of WhatsApp's; not there before it is measured",
      offsetsOf(offsets)
    ),
    gauge(
      "events_flow",
      "1 for what is known of the link that is up: events are proven to come, not yet proven, or do not come",
      tally("state", Proven.fields.state.literals, [events.state])
    ),
    gauge("queue_events", "Events taken in and not written yet", single(depth.events)),
    gauge("queue_bytes", "How much memory these take, about", single(depth.bytes)),
    gauge(
      "queue_age_seconds",
      "For how long the oldest of these waits",
      single(Duration.toSeconds(depth.age))
    ),
    gauge(
      "degraded",
      "1 for the reason why nothing can be written now",
      tally("reason", Degraded.fields.reason.literals, degraded === null ? [] : [degraded.reason])
    )
  ]
}

/**
 * Gauges of each instance. The label is `instance_name`, because Prometheus uses `instance` for the
 * target of a scrape.
 */
export const perInstance = ({ now, statuses }: Moment): ReadonlyArray<Gauge> => {
  const each = (
    of: (status: InstanceStatus) => { readonly labels?: Sample["labels"]; value: number } | null
  ): ReadonlyArray<Sample> =>
    statuses.flatMap((status) => {
      const sample = of(status)
      return sample === null
        ? []
        : [{ labels: { instance_name: status.name, ...sample.labels }, value: sample.value }]
    })
  const secondsSince = (time: DateTime.Utc): number =>
    Math.max(0, DateTime.distance(time, now)) / 1000
  return [
    gauge(
      "instance_listener_state",
      "1 for the state of an instance's listener",
      each(({ listener }) => ({ labels: { state: stateOf(listener.state) }, value: 1 }))
    ),
    gauge(
      "instance_whatsapp_state",
      "1 for WhatsApp's state of an instance, as Evolution said last",
      each(({ whatsapp }) => whatsapp && { labels: { state: whatsapp.state }, value: 1 })
    ),
    gauge(
      "instance_last_event_age_seconds",
      "Time since an instance's last event",
      each(({ lastEvent }) => lastEvent && { value: secondsSince(lastEvent.at) })
    ),
    gauge(
      "instance_open_gap_seconds",
      "For how long an instance that should be heard is not",
      each(
        ({ gaps: { open } }) =>
          open && { labels: { cause: open.cause }, value: secondsSince(open.from) }
      )
    )
  ]
}
