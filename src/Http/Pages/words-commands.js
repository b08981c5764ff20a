/** The texts of the commands of an endpoint, in every language. */

export const en = {
  test: "Send a test",
  testOf: "Test of {name}",
  testTaken: "The receiver took the test message.",
  failed_test: "Cannot send a test: {message}",

  replay: "Replay",
  replayOf: "Replay to {name}",
  replayHint:
    "Events of the log are sent once more, beside the events of now. Times are those of {zone}.",
  toHint: "Empty: up to now",
  narrows: "Empty: all that the endpoint takes",
  timeRule: "Choose the time of the first event",
  done_replay: "The replay has begun",
  cancel: "Cancel",
  done_cancel: "The replay has ended; what it has sent stays sent",

  rotate: "New secret",
  rotateOf: "New secret of {name}",
  rotateHint:
    "A new signing secret is made. The receiver needs it; the old one stays good for 24 hours.",
  leaked: "The old one leaked: end it now",
  rotated: "Messages are signed with the new secret and the old one for 24 hours.",
  rotatedAtOnce: "Messages are signed with the new secret alone from now on.",

  done_pause: "“{name}” is paused; its events wait",
  failed_pause: "Cannot pause “{name}”: {message}",
  resumeOf: "Resume {name}",
  resumeHint: "Go on from where it was, and deliver what waited? Or only what comes from now on?",
  fromCursor: "From where it was",
  fromNow: "From now",
  done_resume: "“{name}” delivers again",

  remove: "Delete",
  removeOf: "Delete {name}",
  removeHint:
    "Its cursors, replays and attempts go, too. Its events stay in the log. Type “{name}” to confirm.",
  typeName: "Name of the endpoint",
  otherName: "That is not “{name}”",
  done_change: "“{name}” was changed",

  sendAgain: "Send again",
  sendAllAgain: "Send all again",
  sendAllHint: "All events that were put aside are sent again.",
  sent_one: "{n} event is sent again",
  sent_other: "{n} events are sent again",
  forget: "Forget",
  forgetAll: "Forget all",
  forgetHint: "It is not delivered any more. It stays in the log.",
  forgetAllHint: "The events that were put aside are not delivered any more. They stay in the log.",
  forgotten_one: "{n} event was forgotten",
  forgotten_other: "{n} events were forgotten",
  failed_command: "It failed: {message}",

  showEvent: "Show event {id}",
  eventOf: "Event {id}",
  toInstance: "Page of {name}",
  eventGone: "The log does not have this event any more."
}

export const es = {
  test: "Enviar una prueba",
  testOf: "Prueba de {name}",
  testTaken: "El receptor aceptó el mensaje de prueba.",
  failed_test: "No se puede enviar una prueba: {message}",

  replay: "Repetir",
  replayOf: "Repetir a {name}",
  replayHint:
    "Los eventos del registro se envían otra vez, junto a los de ahora. Las horas son de {zone}.",
  toHint: "Vacío: hasta ahora",
  narrows: "Vacío: todos los que toma el destino",
  timeRule: "Elija la hora del primer evento",
  done_replay: "La repetición ha comenzado",
  cancel: "Cancelar",
  done_cancel: "La repetición ha terminado; lo enviado queda enviado",

  rotate: "Nuevo secreto",
  rotateOf: "Nuevo secreto de {name}",
  rotateHint:
    "Se genera un nuevo secreto de firma. El receptor lo necesita; el antiguo vale 24 horas más.",
  leaked: "El antiguo se filtró: terminarlo ya",
  rotated: "Los mensajes se firman con el secreto nuevo y el antiguo durante 24 horas.",
  rotatedAtOnce: "Desde ahora los mensajes se firman solo con el secreto nuevo.",

  done_pause: "«{name}» está en pausa; sus eventos esperan",
  failed_pause: "No se puede pausar «{name}»: {message}",
  resumeOf: "Reanudar {name}",
  resumeHint:
    "¿Seguir desde donde estaba y entregar lo que esperaba? ¿O solo lo que llegue desde ahora?",
  fromCursor: "Desde donde estaba",
  fromNow: "Desde ahora",
  done_resume: "«{name}» vuelve a entregar",

  remove: "Borrar",
  removeOf: "Borrar {name}",
  removeHint:
    "También se borran sus cursores, repeticiones e intentos. Los eventos quedan en el registro. Escriba «{name}» para confirmar.",
  typeName: "Nombre del destino",
  otherName: "Eso no es «{name}»",
  done_change: "«{name}» se ha cambiado",

  sendAgain: "Enviar otra vez",
  sendAllAgain: "Enviar todos otra vez",
  sendAllHint: "Todos los eventos apartados se envían otra vez.",
  sent_one: "{n} evento se envía otra vez",
  sent_other: "{n} eventos se envían otra vez",
  forget: "Olvidar",
  forgetAll: "Olvidar todos",
  forgetHint: "Ya no se entrega. Queda en el registro.",
  forgetAllHint: "Los eventos apartados ya no se entregan. Quedan en el registro.",
  forgotten_one: "{n} evento se ha olvidado",
  forgotten_other: "{n} eventos se han olvidado",
  failed_command: "Ha fallado: {message}",

  showEvent: "Mostrar el evento {id}",
  eventOf: "Evento {id}",
  toInstance: "Página de {name}",
  eventGone: "El registro ya no tiene este evento."
}

export const ptBR = {
  test: "Enviar um teste",
  testOf: "Teste de {name}",
  testTaken: "O receptor aceitou a mensagem de teste.",
  failed_test: "Não é possível enviar um teste: {message}",

  replay: "Repetir",
  replayOf: "Repetir para {name}",
  replayHint:
    "Os eventos do registro são enviados de novo, ao lado dos de agora. Os horários são de {zone}.",
  toHint: "Vazio: até agora",
  narrows: "Vazio: todos os que o destino recebe",
  timeRule: "Escolha a hora do primeiro evento",
  done_replay: "A repetição começou",
  cancel: "Cancelar",
  done_cancel: "A repetição terminou; o que foi enviado fica enviado",

  rotate: "Novo segredo",
  rotateOf: "Novo segredo de {name}",
  rotateHint:
    "Um novo segredo de assinatura é gerado. O receptor precisa dele; o antigo vale por mais 24 horas.",
  leaked: "O antigo vazou: encerrar agora",
  rotated: "As mensagens são assinadas com o segredo novo e o antigo por 24 horas.",
  rotatedAtOnce: "A partir de agora as mensagens são assinadas só com o segredo novo.",

  done_pause: "“{name}” está pausado; seus eventos esperam",
  failed_pause: "Não é possível pausar “{name}”: {message}",
  resumeOf: "Retomar {name}",
  resumeHint:
    "Continuar de onde estava e entregar o que esperava? Ou só o que chegar a partir de agora?",
  fromCursor: "De onde estava",
  fromNow: "A partir de agora",
  done_resume: "“{name}” entrega de novo",

  remove: "Excluir",
  removeOf: "Excluir {name}",
  removeHint:
    "Seus cursores, repetições e tentativas também se vão. Os eventos ficam no registro. Digite “{name}” para confirmar.",
  typeName: "Nome do destino",
  otherName: "Isso não é “{name}”",
  done_change: "“{name}” foi alterado",

  sendAgain: "Enviar de novo",
  sendAllAgain: "Enviar todos de novo",
  sendAllHint: "Todos os eventos separados são enviados de novo.",
  sent_one: "{n} evento é enviado de novo",
  sent_other: "{n} eventos são enviados de novo",
  forget: "Esquecer",
  forgetAll: "Esquecer todos",
  forgetHint: "Não é mais entregue. Fica no registro.",
  forgetAllHint: "Os eventos separados não são mais entregues. Ficam no registro.",
  forgotten_one: "{n} evento foi esquecido",
  forgotten_other: "{n} eventos foram esquecidos",
  failed_command: "Falhou: {message}",

  showEvent: "Mostrar o evento {id}",
  eventOf: "Evento {id}",
  toInstance: "Página de {name}",
  eventGone: "O registro não tem mais este evento."
}
