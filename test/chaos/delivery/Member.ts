/** One process of the service. */
import type { Service } from "../Service.ts"

export interface Member {
  readonly name: string
  readonly service: Service
  readonly isUp: () => boolean
  readonly start: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Stops it in good order. */
  readonly stop: () => Promise<{ readonly code: number | null; readonly millis: number }>
}

export const makeMember = (name: string, service: Service): Member => {
  let isUp = false
  const end = (signal: NodeJS.Signals) => {
    isUp = false
    service.signal(signal)
    return service.end()
  }
  return {
    name,
    service,
    isUp: () => isUp,
    start: async () => {
      await service.start()
      isUp = true
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM")
  }
}
