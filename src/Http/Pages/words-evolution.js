/** The sentences of the strip about Evolution, in every language. */

export const en = {
  condition_key_refused:
    "Evolution refuses our key: EVOLUTION_API_KEY has to be Evolution’s AUTHENTICATION_API_KEY.",
  condition_license_required: "Evolution has no licence: activate it, or use 2.3.7.",
  condition_websocket_disabled:
    "Evolution’s websockets are off: set WEBSOCKET_ENABLED=true at Evolution and restart it.",
  condition_not_reached:
    "Evolution does not answer at {url}. Check EVOLUTION_API_URL, and that Evolution runs. {error}",
  condition_no_link: "Evolution answers, but not on its socket: {error}",
  condition_starting: "Evolution is being asked…",
  condition_not_broadcast:
    "The link is up and brings no events: set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and restart it, or EVOLUTION_MODE=auto here.",
  condition_by_namespace:
    "{evolution}: {listened} of {known} instances are listened to, each by its namespace, as Evolution sends no global events.",
  condition_unproven:
    "{evolution}: {listened} of {known} instances are listened to. No event has come yet; the first one proves that they reach us.",
  condition_well: "{evolution}: {listened} of {known} instances are listened to, and events come."
}

export const es = {
  condition_key_refused:
    "Evolution rechaza nuestra clave: EVOLUTION_API_KEY tiene que ser la AUTHENTICATION_API_KEY de Evolution.",
  condition_license_required: "Evolution no tiene licencia: actívala o usa la 2.3.7.",
  condition_websocket_disabled:
    "Los websockets de Evolution están apagados: pon WEBSOCKET_ENABLED=true en Evolution y reiníciala.",
  condition_not_reached:
    "Evolution no responde en {url}. Revisa EVOLUTION_API_URL y que Evolution esté en marcha. {error}",
  condition_no_link: "Evolution responde, pero no en su socket: {error}",
  condition_starting: "Consultando a Evolution…",
  condition_not_broadcast:
    "El enlace está activo y no trae eventos: pon WEBSOCKET_GLOBAL_EVENTS=true en Evolution y reiníciala, o EVOLUTION_MODE=auto aquí.",
  condition_by_namespace:
    "{evolution}: se escuchan {listened} de {known} instancias, cada una por su namespace, porque Evolution no envía eventos globales.",
  condition_unproven:
    "{evolution}: se escuchan {listened} de {known} instancias. Aún no ha llegado ningún evento; el primero demuestra que llegan.",
  condition_well: "{evolution}: se escuchan {listened} de {known} instancias, y los eventos llegan."
}

export const ptBR = {
  condition_key_refused:
    "A Evolution recusa nossa chave: EVOLUTION_API_KEY tem de ser a AUTHENTICATION_API_KEY da Evolution.",
  condition_license_required: "A Evolution não tem licença: ative-a ou use a 2.3.7.",
  condition_websocket_disabled:
    "Os websockets da Evolution estão desligados: defina WEBSOCKET_ENABLED=true na Evolution e reinicie-a.",
  condition_not_reached:
    "A Evolution não responde em {url}. Verifique EVOLUTION_API_URL e se a Evolution está no ar. {error}",
  condition_no_link: "A Evolution responde, mas não no socket: {error}",
  condition_starting: "Consultando a Evolution…",
  condition_not_broadcast:
    "O link está no ar e não traz eventos: defina WEBSOCKET_GLOBAL_EVENTS=true na Evolution e reinicie-a, ou EVOLUTION_MODE=auto aqui.",
  condition_by_namespace:
    "{evolution}: {listened} de {known} instâncias são escutadas, cada uma pelo seu namespace, porque a Evolution não envia eventos globais.",
  condition_unproven:
    "{evolution}: {listened} de {known} instâncias são escutadas. Nenhum evento chegou ainda; o primeiro prova que chegam.",
  condition_well:
    "{evolution}: {listened} de {known} instâncias são escutadas, e os eventos chegam."
}
