/** The phone that is linked to an instance, and what WhatsApp shows of it. */
import { nothingObserved, type Profile } from "../Instance.ts"
import type * as LifeCycle from "../LifeCycle.ts"

/** The profile while no phone is linked. */
export const nobody = nothingObserved.profile

export const profileOf = (known: Profile, data: LifeCycle.Data<"connection.update">): Profile =>
  merged(known, {
    phone: phoneIn(data.wuid) ?? (data.phone?.number || null),
    name: data.profileName ?? data.phone?.name ?? null,
    pictureUrl: data.profilePictureUrl ?? null
  })

/**
 * The known profile with what is told. Most updates carry no profile, and a picture whose lookup failed is
 * `null`: a known field of the same phone stays until an update replaces it.
 */
export const merged = (known: Profile, told: Profile): Profile => {
  const isOther = told.phone !== null && known.phone !== null && told.phone !== known.phone
  const before = isOther ? nobody : known
  const profile = {
    phone: told.phone ?? before.phone,
    name: told.name ?? before.name,
    pictureUrl: told.pictureUrl ?? before.pictureUrl
  }
  return isEqual(profile, known) ? known : profile
}

const isEqual = (one: Profile, other: Profile): boolean =>
  one.phone === other.phone && one.name === other.name && one.pictureUrl === other.pictureUrl

/** The number in WhatsApp's address of it: `5511999999999@s.whatsapp.net`, at times with `:<device>`. */
export const phoneIn = (address: string | null | undefined): string | null =>
  address?.split(/[:@]/)[0] || null
