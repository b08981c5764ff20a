/** The texts about several Evolution servers, in every language. */

export const en = {
  server: "Server",
  allServers: "All servers",
  chooseServer: "Choose a server",
  serverRule: "Choose the server that is to have the instance",
  noneOfServer: "It has no instance yet.",
  server_key_refused: "Key refused",
  server_license_required: "No licence",
  server_websocket_disabled: "Websockets off",
  server_not_reached: "Not reached",
  server_no_link: "No link",
  server_starting: "Being asked",
  server_not_broadcast: "No events",
  server_by_namespace: "By namespaces",
  server_unproven: "No event yet",
  server_well: "All is well"
}

export const es = {
  server: "Servidor",
  allServers: "Todos los servidores",
  chooseServer: "Elige un servidor",
  serverRule: "Elige el servidor que tendrá la instancia",
  noneOfServer: "Aún no tiene ninguna instancia.",
  server_key_refused: "Clave rechazada",
  server_license_required: "Sin licencia",
  server_websocket_disabled: "Websockets apagados",
  server_not_reached: "Sin respuesta",
  server_no_link: "Sin enlace",
  server_starting: "Consultando",
  server_not_broadcast: "Sin eventos",
  server_by_namespace: "Por namespaces",
  server_unproven: "Aún sin eventos",
  server_well: "Todo bien"
}

export const ptBR = {
  server: "Servidor",
  allServers: "Todos os servidores",
  chooseServer: "Escolha um servidor",
  serverRule: "Escolha o servidor que terá a instância",
  noneOfServer: "Ainda não tem nenhuma instância.",
  server_key_refused: "Chave recusada",
  server_license_required: "Sem licença",
  server_websocket_disabled: "Websockets desligados",
  server_not_reached: "Sem resposta",
  server_no_link: "Sem link",
  server_starting: "Consultando",
  server_not_broadcast: "Sem eventos",
  server_by_namespace: "Por namespaces",
  server_unproven: "Ainda sem eventos",
  server_well: "Tudo bem"
}
