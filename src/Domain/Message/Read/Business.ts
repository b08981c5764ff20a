/** Readers of what businesses send, and of what is answered to it. */
import type { Body } from "../Body.ts"
import { type Fields, fieldsAt, filledAt, listAt, numberAt, textAt } from "../Fields.ts"
import { firstText, type Reader, type Reading } from "./Reader.ts"

/** WhatsApp counts money in thousandths of the currency's unit. */
const moneyAt = (content: Fields, ...path: ReadonlyArray<string>): number | null => {
  const thousandths = numberAt(content, ...path)
  return thousandths === null ? null : thousandths / 1000
}

const order: Reader = (content) => ({
  body: {
    kind: "order",
    order: {
      id: filledAt(content, "orderId"),
      title: filledAt(content, "orderTitle"),
      itemCount: numberAt(content, "itemCount"),
      total: moneyAt(content, "totalAmount1000"),
      currency: filledAt(content, "totalCurrencyCode"),
      token: filledAt(content, "token")
    }
  },
  text: textAt(content, "message")
})

const product: Reader = (content) => ({
  body: {
    kind: "product",
    product: {
      id: filledAt(content, "product", "productId"),
      title: filledAt(content, "product", "title"),
      description: filledAt(content, "product", "description"),
      price: moneyAt(content, "product", "priceAmount1000"),
      currency: filledAt(content, "product", "currencyCode"),
      retailerId: filledAt(content, "product", "retailerId"),
      url: filledAt(content, "product", "url"),
      businessJid: filledAt(content, "businessOwnerJid")
    }
  },
  text: textAt(content, "body")
})

const reply =
  (kind: "buttonReply" | "listReply", choice: ReadonlyArray<string>, title: string): Reader =>
  (content) => ({
    body: { kind, choice: filledAt(content, ...choice) },
    text: textAt(content, title)
  })

const flowReply: Reader = (content) => ({
  body: {
    kind: "flowReply",
    flow: filledAt(content, "nativeFlowResponseMessage", "name"),
    params: textAt(content, "nativeFlowResponseMessage", "paramsJson")
  },
  text: textAt(content, "body", "text")
})

/** A native button's title is in its parameters, which are JSON text. */
const displayTextIn = (params: string | null): string | null => {
  try {
    return textAt(params === null ? null : JSON.parse(params), "display_text")
  } catch {
    // The text is the sender's, and need not be JSON.
    return null
  }
}

const titleOf = (button: unknown): string | null =>
  firstText(
    button,
    ["quickReplyButton", "displayText"],
    ["urlButton", "displayText"],
    ["callButton", "displayText"],
    ["buttonText", "displayText"],
    ["displayText"],
    ["reply", "title"],
    ["title"]
  ) ?? displayTextIn(textAt(button, "buttonParamsJson"))

const titlesOf = (buttons: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  buttons.flatMap((button) => titleOf(button) ?? [])

const template = (
  { footer, title, ...rest }: Partial<Omit<Extract<Body, { kind: "template" }>, "kind">>,
  text: string | null
): Reading => ({
  body: {
    kind: "template",
    title: title || null,
    footer: footer || null,
    options: rest.options ?? []
  },
  text
})

const hydrated = (content: Fields): Reading =>
  template(
    {
      title: firstText(content, ["hydratedTitleText"]),
      footer: firstText(content, ["hydratedFooterText"]),
      options: titlesOf(listAt(content, "hydratedButtons"))
    },
    textAt(content, "hydratedContentText")
  )

const interactive = (content: Fields): Reading =>
  template(
    {
      title: firstText(content, ["header", "title"]),
      footer: firstText(content, ["footer", "text"]),
      options: titlesOf([
        ...listAt(content, "nativeFlowMessage", "buttons"),
        ...listAt(content, "carouselMessage", "cards").flatMap((card) =>
          listAt(card, "nativeFlowMessage", "buttons")
        )
      ])
    },
    firstText(content, ["body", "text"])
  )

const rowsIn = (content: Fields): ReadonlyArray<unknown> =>
  listAt(content, "sections").flatMap((section) => listAt(section, "rows"))

const buttons: Reader = (content) =>
  template(
    {
      title: firstText(content, ["text"], ["title"]),
      footer: firstText(content, ["footerText"], ["footer"]),
      options: titlesOf(listAt(content, "buttons"))
    },
    firstText(content, ["contentText"], ["description"], ["body"])
  )

const list: Reader = (content) =>
  template(
    {
      title: firstText(content, ["title"]),
      footer: firstText(content, ["footerText"], ["footer"]),
      options: titlesOf(rowsIn(content))
    },
    firstText(content, ["description"])
  )

const templateMessage: Reader = (content) => {
  const flow = fieldsAt(content, "interactiveMessageTemplate")
  if (flow !== null) return interactive(flow)
  const filled =
    fieldsAt(content, "hydratedTemplate") ?? fieldsAt(content, "hydratedFourRowTemplate")
  return filled === null ? template({}, null) : hydrated(filled)
}

/** By the content's field. */
export const readers: { readonly [field: string]: Reader } = {
  orderMessage: order,
  productMessage: product,
  buttonsResponseMessage: reply("buttonReply", ["selectedButtonId"], "selectedDisplayText"),
  templateButtonReplyMessage: reply("buttonReply", ["selectedId"], "selectedDisplayText"),
  listResponseMessage: reply("listReply", ["singleSelectReply", "selectedRowId"], "title"),
  interactiveResponseMessage: flowReply,
  templateMessage,
  highlyStructuredMessage: (content, around) =>
    templateMessage(fieldsAt(content, "hydratedHsm") ?? {}, around),
  interactiveMessage: interactive,
  buttonsMessage: buttons,
  listMessage: list,
  // The Evolution channel's, at the content's top.
  buttonMessage: buttons
}
