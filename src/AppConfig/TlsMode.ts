/** `sslmode` and its relatives in the address of a Postgres. */
import { Either } from "effect"

/** `prefer`: with TLS if the server has it. `no-verify`: with TLS, whoever the server is. */
export type TlsMode = "disable" | "prefer" | "no-verify" | "verify-ca" | "verify-full"

/** `require` verifies the certificate here, as in `pg`; libpq's own meaning has to be asked for. */
export const tlsMode = (
  of: (name: string) => string | undefined
): Either.Either<TlsMode | undefined, string> => {
  const isLax = of("uselibpqcompat") === "true" || of("sslaccept") === "accept_invalid_certs"
  switch (of("sslmode") ?? of("ssl")) {
    case undefined:
      return Either.right(of("sslrootcert") === undefined ? undefined : "verify-full")
    case "disable":
    case "false":
    case "0":
      return Either.right("disable")
    case "allow":
    case "prefer":
      return Either.right("prefer")
    case "no-verify":
      return Either.right("no-verify")
    case "require":
      if (!isLax) return Either.right("verify-full")
      return Either.right(of("sslrootcert") === undefined ? "no-verify" : "verify-ca")
    case "true":
    case "1":
    case "verify-full":
      return Either.right("verify-full")
    case "verify-ca":
      return Either.right("verify-ca")
    default:
      return Either.left(
        "Its sslmode is none of disable, prefer, require, verify-ca, verify-full and no-verify"
      )
  }
}
