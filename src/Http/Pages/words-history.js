/** The texts about messages of a time before, in every language. */

export const en = {
  history: "Earlier messages",
  historyPeriod: "Messages of the last",
  hours_720: "30 days",
  import: "Import",
  done_import: "The messages are fetched; the list shows how far it is",
  failed_import: "Cannot import: {message}"
}

export const es = {
  history: "Mensajes anteriores",
  historyPeriod: "Mensajes de los últimos",
  hours_720: "30 días",
  import: "Importar",
  done_import: "Se piden los mensajes; la lista muestra el avance",
  failed_import: "No se puede importar: {message}"
}

export const ptBR = {
  history: "Mensagens anteriores",
  historyPeriod: "Mensagens dos últimos",
  hours_720: "30 dias",
  import: "Importar",
  done_import: "As mensagens são buscadas; a lista mostra o andamento",
  failed_import: "Não é possível importar: {message}"
}
