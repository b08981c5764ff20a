/** Requests about one instance, whose name ends the path, percent-encoded. */
import { HttpClientRequest } from "@effect/platform"
import type { InstanceName } from "../../Domain/Instance.ts"

const pathOf = (call: string, name: InstanceName): string => `${call}/${encodeURIComponent(name)}`

export const get = (call: string, name: InstanceName) => HttpClientRequest.get(pathOf(call, name))
export const post = (call: string, name: InstanceName) => HttpClientRequest.post(pathOf(call, name))
export const del = (call: string, name: InstanceName) => HttpClientRequest.del(pathOf(call, name))

/** A URL takes `.` and `..` for directions, percent-encoded or not: the call would be another one. */
export const isPossible = ({ url }: HttpClientRequest.HttpClientRequest): boolean =>
  !/\/\.\.?$/.test(url)
