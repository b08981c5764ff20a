/** Addresses at WhatsApp. */

/** The JID of a number as Evolution makes it. WhatsApp knows each number as it is written. */
export const jidOf = (number: string): string => {
  const whole = number.replace(/:\d+/, "")
  if (/@(g\.us|s\.whatsapp\.net|lid|broadcast)/.test(whole)) return whole
  const local = whole.split("@")[0] ?? ""
  if (local.includes("-") && local.length >= 24) return `${local.replaceAll(/[^\d-]/g, "")}@g.us`
  const digits = local.replaceAll(/\D/g, "")
  return `${digits}@${digits.length >= 18 ? "g.us" : "s.whatsapp.net"}`
}

/** False if the address is that of one of these phones. */
export const isOnWhatsApp = (strangers: ReadonlyArray<string>, jid: string): boolean =>
  !strangers.some((phone) => jidOf(phone) === jid)
