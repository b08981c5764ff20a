/** The commands of an endpoint's page, as buttons. */
import { ask, messageOf } from "./api.js"
import { button, show } from "./dom.js"
import { confirm, remove, replay, rotate, test } from "./endpoint-dialogs.js"
import { openForm } from "./endpoint-form.js"
import { showEvent } from "./event-dialog.js"
import { mayOperate, mayShape } from "./rights.js"
import { say, sayCount } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {import("./types.js").Self} Self */

/**
 * @param {object} options
 * @param {string} options.path of the endpoint
 * @param {() => Endpoint | null} options.now
 * @param {() => unknown} options.look called when something has changed
 * @param {import("./notices.js").Notices} options.notices
 * @param {AbortSignal} options.signal
 */
export const makeCommands = ({ look, notices, now, path, signal }) => {
  /** @param {string} text */
  const done = (text) => {
    notices.tell(text)
    void look()
  }

  /** Runs a command without a dialog, and says how it went. @param {() => Promise<string>} run */
  const command = async (run) => {
    try {
      done(await run())
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_command", { message: messageOf(error) }))
      void look()
    }
  }

  /** @param {string} method @param {string} rest @param {object} [body] @returns {Promise<{ count: number }>} */
  const send = (method, rest, body) =>
    ask(method, path + rest, body === undefined ? { signal } : { body, signal })

  /** @param {object} body */
  const sendAgain = async (body) =>
    sayCount("sent", (await send("POST", "/undelivered/retry", body)).count)

  /** @param {string} rest */
  const forget = async (rest) =>
    done(sayCount("forgotten", (await send("DELETE", `/undelivered${rest}`)).count))

  /** @param {Endpoint} endpoint */
  const resume = ({ name }) => {
    const from = (/** @type {"cursor" | "now"} */ place) => async () => {
      await send("POST", "/resume", { from: place })
      done(say("done_resume", { name }))
    }
    confirm({
      title: say("resumeOf", { name }),
      hint: say("resumeHint"),
      choices: [
        { word: "fromCursor", run: from("cursor") },
        { word: "fromNow", run: from("now") }
      ],
      signal
    })
  }

  /**
   * A button about the endpoint as it is when it is pressed.
   * @param {import("./words.js").Word} word
   * @param {(endpoint: Endpoint) => unknown} run
   * @param {import("./dom.js").Attributes} [attributes]
   */
  const act = (word, run, attributes) =>
    button(
      word,
      () => {
        const endpoint = now()
        return endpoint === null ? undefined : run(endpoint)
      },
      { hidden: true, ...attributes }
    )

  const buttons = {
    test: act("test", async (endpoint) => {
      try {
        await test(endpoint, signal)
      } catch (error) {
        if (!signal.aborted) notices.fail(say("failed_test", { message: messageOf(error) }))
      }
    }),
    replay: act("replay", (endpoint) => replay(endpoint, () => done(say("done_replay")), signal)),
    pause: act("pause", ({ name }) =>
      command(async () => {
        await send("POST", "/pause")
        return say("done_pause", { name })
      })
    ),
    resume: act("resume", resume, { class: "primary" }),
    rotate: act("rotate", (endpoint) => rotate(endpoint, signal)),
    remove: act("remove", (endpoint) => remove(endpoint, signal), { class: "danger" })
  }
  const change = act("changeSettings", (endpoint) =>
    openForm({ endpoint, signal, onDone: ({ name }) => done(say("done_change", { name })) })
  )
  const all = {
    sendAgain: act("sendAllAgain", () =>
      confirm({
        title: say("sendAllAgain"),
        hint: say("sendAllHint"),
        choices: [{ word: "sendAllAgain", run: async () => done(await sendAgain({})) }],
        signal
      })
    ),
    forget: act("forgetAll", () =>
      confirm({
        title: say("forgetAll"),
        hint: say("forgetAllHint"),
        choices: [{ word: "forgetAll", run: () => forget("") }],
        signal
      })
    )
  }

  return {
    buttons,
    change,
    all,
    /** The commands of the tables. @param {Self} self @returns {import("./endpoint-tables.js").Commands} */
    inTables: (self) => {
      const may = mayOperate(self)
      return {
        showEvent: (id) => showEvent(id, signal),
        retry: may ? (eventId) => command(() => sendAgain({ eventId })) : null,
        forget: may
          ? (id) =>
              confirm({
                title: `${say("forget")}: #${id}`,
                hint: say("forgetHint"),
                choices: [{ word: "forget", run: () => forget(`/${id}`) }],
                signal
              })
          : null,
        cancel: may
          ? (id) =>
              command(async () => {
                await send("DELETE", `/replays/${id}`)
                return say("done_cancel")
              })
          : null
      }
    },
    /** Offers what the key may do and what makes sense. @param {Endpoint} endpoint @param {Self} self */
    update: (endpoint, self) => {
      const { source, state, status, target } = endpoint
      const may = mayOperate(self)
      const shapes = mayShape(self, endpoint) && source === "api"
      const isWebhook = target.type === "webhook"
      show(buttons.test, may)
      show(buttons.replay, may)
      show(buttons.pause, may && state === "active")
      show(buttons.resume, may && state !== "active")
      show(buttons.rotate, may && isWebhook)
      show(buttons.remove, shapes)
      show(change, shapes && isWebhook)
      show(all.sendAgain, may && status.undelivered > 0)
      show(all.forget, may && status.undelivered > 0)
    }
  }
}
