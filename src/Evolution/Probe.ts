/** Requests for `--check`: Evolution's version, and the keys and namespaces that its socket admits. */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import {
  Context,
  Data,
  Duration,
  Effect,
  identity,
  Layer,
  Option,
  Redacted,
  Schema,
  type Scope,
  Stream
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import { codeOf, detailOf } from "../Domain/ErrorDetail.ts"
import { instanceOf } from "../Domain/Event.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import { reasonOf } from "../Domain/Reach.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import { endpoint } from "./EventSource/Endpoint.ts"
import { type Answer, read } from "./EvolutionClient/Answer.ts"
import * as SocketIo from "./Wire/SocketIo.ts"

export type { Answer }

/** Evolution does not answer. `message` gives the cause and the remedy. */
export class Unreachable extends Data.TaggedError("Unreachable")<{ readonly message: string }> {}

/** The instance that each event names, in order. */
type Names = Stream.Stream<string, LinkError>

export class Probe extends Context.Tag("evolution-listener/Probe")<
  Probe,
  {
    /** `GET /`, without a key. Evolution asks WhatsApp's site for its answer: do not repeat it. */
    readonly root: Effect.Effect<Answer, Unreachable>
    /** Evolution's answer to an Engine.IO handshake by polling, with our key or without one. */
    readonly handshake: (withKey: boolean) => Effect.Effect<Answer, Unreachable>
    /**
     * `POST /verify-creds`: changes nothing, and names no instance, so that Evolution accepts its global key
     * alone (its `auth.guard.ts`). The answer may hold secrets of Facebook.
     */
    readonly credentials: Effect.Effect<Answer, Unreachable>
    /** Joins the root namespace and gives the instances whose events arrive there. */
    readonly broadcast: Effect.Effect<Names, LinkError, Scope.Scope>
    /** Joins these instances' own namespaces, as far as they exist, and gives the same. */
    readonly namespaces: (
      names: ReadonlyArray<string>
    ) => Effect.Effect<Names, LinkError, Scope.Scope>
    /** Creates an instance that asks for no phone, and deletes it with the scope. */
    readonly trial: (name: string) => Effect.Effect<Answer, Unreachable, Scope.Scope>
  }
>() {
  static readonly layer = Layer.effect(
    Probe,
    Effect.suspend(() => make)
  )
}

const timeout = Duration.seconds(10)

/** The open packet of a polling session: `0{"sid":…}`. */
const decodeSession = Schema.decodeUnknownOption(
  Schema.parseJson(Schema.Struct({ sid: Schema.String }))
)

const decodeRoot = Schema.decodeUnknownOption(Schema.Struct({ version: Schema.NonEmptyString }))

/** The version in the answer to `GET /`. */
export const versionOf = ({ body }: Answer): Option.Option<string> =>
  Option.map(decodeRoot(body), ({ version }) => version)

type Signed = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest

const make = Effect.gen(function* () {
  const { apiKey, url } = yield* AppConfig.Evolution
  const scrub = yield* Secrets.scrub
  const options = yield* endpoint
  const http = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url.href)),
    HttpClient.withTracerPropagation(false)
  )
  const withOurKey = HttpClientRequest.setHeader("apikey", Redacted.value(apiKey))

  const ask = (request: HttpClientRequest.HttpClientRequest) =>
    http.execute(request).pipe(
      Effect.flatMap(read(scrub)),
      Effect.mapError((error) => {
        const words = reasonOf(codeOf(error) ?? "", url.origin, "EVOLUTION_API_URL")
        return new Unreachable({
          message: words ?? scrub.words(`it cannot be reached: ${detailOf(error)}`)
        })
      }),
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new Unreachable({
            message: reasonOf("ETIMEDOUT", url.origin, "EVOLUTION_API_URL") ?? ""
          })
      })
    )

  const polling = "/socket.io/?EIO=4&transport=polling"

  /** Closes a polling session, which would stay for 45 s. */
  const leave = ({ body }: Answer, key: Signed) =>
    Option.match(decodeSession(typeof body === "string" ? body.slice(1) : ""), {
      onNone: () => Effect.void,
      onSome: ({ sid }) =>
        HttpClientRequest.post(`${polling}&sid=${encodeURIComponent(sid)}`).pipe(
          HttpClientRequest.bodyText("1"),
          key,
          ask,
          Effect.ignore
        )
    })

  const joined = (join: (socket: SocketIo.SocketIo) => Effect.Effect<unknown, LinkError>) =>
    Effect.map(Effect.tap(SocketIo.connect(options), join), ({ pull }) =>
      Stream.filterMap(
        Stream.mapConcat(Stream.repeatEffectOption(pull), (batch) => batch),
        (event) => Option.fromNullable(instanceOf(event))
      )
    )

  return Probe.of({
    root: ask(HttpClientRequest.get("/")),
    handshake: (withKey) => {
      const key: Signed = withKey ? withOurKey : identity
      return Effect.tap(ask(key(HttpClientRequest.get(polling))), (answer) => leave(answer, key))
    },
    credentials: ask(withOurKey(HttpClientRequest.post("/verify-creds"))),
    broadcast: joined((socket) => socket.join("/")),
    namespaces: (names) =>
      joined((socket) =>
        Effect.forEach(
          // To ask for any other would end the link.
          names.map((name) => `/${name}`).filter(SocketIo.isNamespace),
          (namespace) =>
            Effect.catchTag(socket.join(namespace), "NamespaceRefused", () => Effect.void)
        )
      ),
    trial: (name) =>
      Effect.acquireRelease(
        HttpClientRequest.post("/instance/create").pipe(
          HttpClientRequest.bodyUnsafeJson({
            instanceName: name,
            integration: "WHATSAPP-BAILEYS",
            qrcode: false
          }),
          withOurKey,
          ask
        ),
        () =>
          HttpClientRequest.del(`/instance/delete/${encodeURIComponent(name)}`).pipe(
            withOurKey,
            ask,
            Effect.ignore
          )
      )
  })
})
