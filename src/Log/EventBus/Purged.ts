/** The events that have left the log, as far as readers have to know: the last id of each instance. */

/** Stands in place of a name for all instances that were deleted. */
export const deletedInstances = ""

export const make = () => {
  /** By server, and by instance. */
  const lasts = new Map<string, Map<string, number>>()

  const announce = (instance: string, id: number, server: string): void => {
    const ofServer = lasts.get(server) ?? new Map<string, number>()
    lasts.set(server, ofServer)
    ofServer.set(instance, Math.max(id, ofServer.get(instance) ?? 0))
  }

  return {
    announce,
    /** Counts purged events of deleted instances as events of `deletedInstances`. */
    fold: (instances: ReadonlyArray<string>, server: string): void => {
      const ofServer = lasts.get(server)
      for (const instance of instances) {
        announce(deletedInstances, ofServer?.get(instance) ?? 0, server)
        ofServer?.delete(instance)
      }
    },
    /** The last id of an instance that is wanted; 0: there is none. */
    until: (wants: (instance: string, server: string) => boolean): number => {
      let until = 0
      for (const [server, ofServer] of lasts)
        for (const [instance, id] of ofServer) if (id > until && wants(instance, server)) until = id
      return until
    }
  }
}
