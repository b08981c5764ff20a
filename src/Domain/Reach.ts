/**
 * Explains an error code of Node or OpenSSL: why a server cannot be reached, and what to do. `at`: the
 * server's address, without secrets; `setting`: the variable that holds it. `undefined` for other codes.
 */
export const reasonOf = (code: string, at: string, setting: string): string | undefined => {
  switch (code) {
    case "ECONNREFUSED":
      return `nothing listens at ${at}: is it running, and is the port of ${setting} right?`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `no address is known for ${at} (DNS): is the name in ${setting} right, as it is seen from here?`
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
      return `no answer from ${at} in time: a firewall, or another network, is in between`
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `there is no route to ${at}: is this machine in the right network?`
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return `${at} hung up: is it what ${setting} says, http:// or https://?`
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return `the certificate of ${at} is of no authority that is trusted here: set NODE_EXTRA_CA_CERTS to a file with the certificate of the one that made it`
    case "CERT_HAS_EXPIRED":
      return `the certificate of ${at} has expired: renew it`
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the certificate of ${at} is for another name: ${setting} has to have the certificate's`
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return `${at} does not speak TLS: is it http:// instead of https://?`
  }
  return undefined
}
