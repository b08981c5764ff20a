/** The life of an instance at Evolution: codes, the link to WhatsApp, and their events. */
import type { Emit } from "./Emission.ts"
import { jidOf } from "./Jid.ts"
import { clockOf, nextQr, phones, type SimulatedInstance, type State } from "./State.ts"
import type { Timers } from "./Time.ts"

export interface LifeCycle {
  readonly created: (instance: SimulatedInstance) => void
  /** `GET /instance/connect`: shows a code, or opens if the phone is linked. */
  readonly connect: (instance: SimulatedInstance) => Promise<void>
  /** Connects again, as after a restart of the instance or of Evolution. */
  readonly reconnect: (instance: SimulatedInstance) => void
  /** Shows the next code. Gives its text. */
  readonly showQr: (instance: SimulatedInstance) => Promise<string>
  readonly scan: (instance: SimulatedInstance, phone?: string) => void
  readonly logout: (instance: SimulatedInstance) => void
  readonly reachQrLimit: (instance: SimulatedInstance) => void
  readonly remove: (instance: SimulatedInstance) => void
}

export const makeLifeCycle = (state: State, emit: Emit, timers: Timers): LifeCycle => {
  const { qrLimit, qrMillis } = state.settings
  /** Ends the life of the code that is shown, by the instance's name. */
  const codes = new Map<string, () => void>()
  const endCode = (name: string): void => {
    codes.get(name)?.()
    codes.delete(name)
  }

  const connecting = (instance: SimulatedInstance): void => {
    const { name } = instance
    instance.state = "connecting"
    emit(name, "connection.update", { instance: name, state: "connecting", statusReason: 200 })
  }

  const open = (instance: SimulatedInstance): void => {
    const { name } = instance
    endCode(name)
    instance.state = "open"
    emit(name, "connection.update", {
      instance: name,
      wuid: instance.ownerJid,
      profileName: instance.profileName,
      profilePictureUrl: instance.profilePicUrl,
      state: "open",
      statusReason: 200
    })
  }

  const reachQrLimit = (instance: SimulatedInstance): void => {
    const { name } = instance
    endCode(name)
    instance.state = "close"
    instance.qrCount = 0
    emit(name, "qrcode.updated", {
      message: "QR code limit reached, please login again",
      statusCode: 500
    })
    emit(name, "connection.update", { instance: name, state: "refused", statusReason: 428 })
  }

  const showQr = async (instance: SimulatedInstance): Promise<string> => {
    const { name } = instance
    endCode(name)
    if (Number.isFinite(qrMillis))
      codes.set(
        name,
        timers.after(qrMillis, () => {
          const isWaiting = instance.state === "connecting" && instance.ownerJid === null
          if (!isWaiting || state.instances.get(name) !== instance) return
          if (instance.qrCount >= qrLimit) reachQrLimit(instance)
          else void showQr(instance)
        })
      )
    const qr = await nextQr(instance)
    emit(name, "qrcode.updated", { qrcode: { instance: name, ...qr } })
    return qr.code
  }

  const reconnect = (instance: SimulatedInstance): void => {
    if (instance.integration !== phones) return
    connecting(instance)
    if (instance.ownerJid !== null) open(instance)
  }

  return {
    created: ({ id, name }) =>
      emit(name, "instance.create", { instanceName: name, instanceId: id }),
    connect: async (instance) => {
      reconnect(instance)
      if (instance.state !== "connecting") return
      const { codeMillis } = state.faults
      if (codeMillis === 0) await showQr(instance)
      else
        codes.set(
          instance.name,
          timers.after(codeMillis, () => void showQr(instance))
        )
    },
    reconnect,
    showQr,
    scan: (instance, phone) => {
      instance.ownerJid = jidOf(phone ?? instance.number ?? "5511999990001")
      instance.profileName = "Loja"
      reconnect(instance)
    },
    logout: (instance) => {
      const { name } = instance
      endCode(name)
      instance.state = "close"
      instance.disconnectionReasonCode = 401
      emit(name, "status.instance", {
        instance: name,
        status: "closed",
        disconnectionAt: new Date(clockOf(state)).toISOString(),
        disconnectionReasonCode: 401,
        disconnectionObject: "{}"
      })
      emit(name, "logout.instance", null)
      emit(name, "connection.update", { instance: name, state: "close", statusReason: 401 })
      instance.ownerJid = null
    },
    reachQrLimit,
    remove: (instance) => {
      const { id, name } = instance
      endCode(name)
      emit(name, "instance.delete", { instanceName: name, instanceId: id })
      emit(name, "remove.instance", null)
      state.instances.delete(name)
      state.messages.delete(name)
    }
  }
}
