/** The events about an instance itself. Ingest decodes the same schemas: `Domain/LifeCycle`. */
import { Schema } from "effect"
import { optionalOrNull } from "../Json.ts"
import { schemas } from "../LifeCycle.ts"
import { baileys, described, entry } from "./Entry.ts"

const instance = optionalOrNull(Schema.String)

const identity = {
  instanceName: "The instance's name",
  instanceId: "Its id at Evolution, a UUID"
}

const [QrcodeShown, QrcodeLimit] = schemas["qrcode.updated"].members

export const entries = {
  "application.startup": entry({
    schema: Schema.Unknown,
    title: "Start of Evolution",
    description: "In Evolution's list of events. No version 2 emits it, so its shape is not known.",
    since: "none",
    source: "src/api/integrations/event/event.controller.ts, `events`"
  }),
  "instance.create": entry({
    schema: described(schemas["instance.create"], identity),
    title: "A new instance",
    description: "An instance was created. It comes before its first `connection.update`.",
    source: "src/api/controllers/instance.controller.ts, `createInstance`"
  }),
  "instance.delete": entry({
    schema: described(schemas["instance.delete"], identity),
    title: "A deleted instance",
    description: "An instance was deleted by a call. `remove.instance` follows.",
    source: "src/api/controllers/instance.controller.ts, `deleteInstance`"
  }),
  "remove.instance": entry({
    schema: schemas["remove.instance"],
    title: "A removed instance",
    description:
      "The instance is about to leave Evolution: it was deleted, its creation failed, or nobody had linked it " +
      "in time.",
    source: "src/api/services/monitor.service.ts, `removeInstance`"
  }),
  "logout.instance": entry({
    schema: schemas["logout.instance"],
    title: "A logged out instance",
    description: "The session with the phone has ended for good. The instance stays.",
    source: "src/api/services/monitor.service.ts, `logoutInstance`"
  }),
  "status.instance": entry({
    schema: described(
      Schema.Struct({
        ...schemas["status.instance"].fields,
        disconnectionObject: Schema.optional(Schema.Unknown)
      }),
      {
        instance: "The instance's name",
        status: "`closed`",
        disconnectionReasonCode:
          "Baileys' code: 401 logged out, 402, 403 and 406 banned or blocked",
        disconnectionAt: "Time of the end, ISO 8601 in UTC",
        disconnectionObject: "Baileys' error, as JSON text"
      }
    ),
    title: "End of a session",
    description: "The session with the phone has ended for good, and why.",
    source: baileys("connectionUpdate")
  }),
  "qrcode.updated": entry({
    schema: described(
      Schema.Union(
        Schema.Struct({ qrcode: Schema.Struct({ ...QrcodeShown.fields.qrcode.fields, instance }) }),
        QrcodeLimit
      ),
      {
        qrcode: "The code",
        "qrcode.instance": "The instance's name",
        "qrcode.code": "The text of the QR code; `[redacted]` in the log",
        "qrcode.base64": "The code as a PNG in a data URL; `[redacted]` in the log",
        "qrcode.pairingCode": "8 characters to type into the phone, if a number was given",
        message: "Says that the limit of codes is reached",
        statusCode: "500"
      }
    ),
    title: "A code to scan",
    description:
      "A new code (one about every 45 s), or the limit of codes, after which the instance waits for a call.",
    source: baileys("connectionUpdate")
  }),
  "connection.update": entry({
    schema: described(Schema.Struct({ instance, ...schemas["connection.update"].fields }), {
      instance: "The instance's name",
      state:
        "The state; `refused`: the limit of codes is reached; `removed` and `unknown` are in snapshots of " +
        "ours alone",
      statusReason: "Baileys' code; 200 where there is none",
      wuid: "The phone's address, with `open`",
      profileName: "The profile's name, with `open`",
      profilePictureUrl: "The profile's picture at WhatsApp, for a limited time",
      phone: "The profile, in versions before 2.2.1",
      "phone.number": "The phone's number",
      "phone.name": "The profile's name"
    }),
    title: "The connection with WhatsApp",
    description:
      "Evolution connects, is connected, or has given up. After a connection that was lost only `connecting` " +
      "comes, and no `close`.",
    source: baileys("connectionUpdate")
  })
}
