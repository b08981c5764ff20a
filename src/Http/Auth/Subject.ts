/** The subject of a pairing link: an instance, and its server where that is not `default`. No name has a NUL in it. */
import { InstanceName } from "../../Domain/Instance.ts"
import { defaultServer, ServerId } from "../../Domain/Server.ts"

export interface Subject {
  readonly instance: InstanceName
  readonly server: ServerId
}

export const textOf = ({ instance, server }: Subject): string =>
  server === defaultServer ? instance : `${server}\0${instance}`

/** The text is signed by us, so it is one of `textOf`. */
export const subjectOf = (text: string): Subject => {
  const at = text.indexOf("\0")
  return {
    instance: InstanceName.make(text.slice(at + 1)),
    server: at < 0 ? defaultServer : ServerId.make(text.slice(0, at))
  }
}
