/** The bus as the listeners of one Evolution server see it: with the events of that server alone. */
import { Stream } from "effect"
import type { LoggedEvent } from "../Domain/Event.ts"
import type { EventBus } from "./EventBus.ts"

/** Narrows what is read. What is published, and what is purged, goes to all. */
export const ofServer = (bus: EventBus["Type"], server: string): EventBus["Type"] => {
  const isOfServer = (event: LoggedEvent) => event.server === server
  const wants =
    (own: (instance: string, server: string) => boolean) => (instance: string, of: string) =>
      of === server && own(instance, of)
  return {
    ...bus,
    after: (cursor, reader) =>
      Stream.filter(
        bus.after(
          cursor,
          reader && {
            ...reader,
            wants: wants(reader.wants),
            query: { ...reader.query, servers: [server] }
          }
        ),
        isOfServer
      ),
    watch: (watcher) =>
      bus.watch({
        ...watcher,
        published: (events) => {
          const ours = events.every(isOfServer) ? events : events.filter(isOfServer)
          // Without events: some were passed over.
          if (ours.length > 0 || events.length === 0) watcher.published(ours)
        }
      }),
    recent: (cursor) => bus.recent(cursor).filter(isOfServer),
    purgedUntil: (own) => bus.purgedUntil(wants(own))
  }
}
