/** Networks that webhooks may reach although they are not public: `private,127.0.0.0/8`. */
import { networks } from "./Networks.ts"

/** Without the link-local networks, where clouds have the credentials of their machines. */
export const deliveryAllow = networks("DELIVERY_ALLOW", "none", {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
})
