/** Views beside `messages`. */
import { flagOf } from "./Values.ts"

/**
 * `status` in the order of a message's life; null: it tells no progress. The Business channel has Meta's words in
 * upper case.
 */
const step = `
  case e.data ->> 'status'
    when 'ERROR' then 0 when 'FAILED' then 0
    when 'PENDING' then 1
    when 'SERVER_ACK' then 2 when 'SENT' then 2
    when 'DELIVERY_ACK' then 3 when 'DELIVERED' then 3
    when 'READ' then 4
    when 'PLAYED' then 5
  end`

export const receipts = (schema: string): string => `
  create or replace view ${schema}.receipts as
  select
    e.data ->> 'keyId' as message_id,
    e.instance,
    e.data ->> 'remoteJid' as chat,
    e.data ->> 'participant' as participant,
    ${flagOf("e.data ->> 'fromMe'")} as from_me,
    e.data ->> 'status' as status,
    ${step} as step,
    e.received_at,
    e.id as event_id,
    e.server
  from events e
  where e.event = 'messages.update' and e.data ->> 'keyId' is not null and e.data ->> 'status' is not null`

/** Messages of people. A reaction or a vote answers nothing and asks nothing. */
const notSaid = "('reaction', 'pollVote', 'edit', 'revoke', 'protocol')"

const lastOf = (value: string, which: string) =>
  `(max(array[lpad(event_id::text, 19, '0'), ${value}]) filter (where ${which}))[2]`

export const chats = (schema: string): string => `
  create or replace view ${schema}.chats as
  select
    instance,
    chat,
    chat_kind,
    ${lastOf("sender_name", "not from_me and chat_kind = 'person' and sender_name is not null")} as name,
    count(*) filter (where not from_me) as received,
    count(*) filter (where from_me) as sent,
    min(sent_at) as first_at,
    max(sent_at) as last_at,
    max(sent_at) filter (where not from_me) as last_received_at,
    max(sent_at) filter (where from_me) as last_sent_at,
    server
  from ${schema}.messages
  where kind not in ${notSaid}
  group by server, instance, chat, chat_kind`

/**
 * Steps of a call: from Baileys' event, and from WhatsApp's stanza, which Evolution also emits (`CB:call`). The
 * stanza alone says that another device took the call.
 */
export const calls = (schema: string): string => `
  create or replace view ${schema}.calls as
  select
    id,
    instance,
    (max(array[lpad(event_id::text, 19, '0'), caller]))[2] as caller,
    bool_or(is_group) as is_group,
    bool_or(is_video) as is_video,
    case
      when bool_or(step = 'accept' or reason = 'accepted_elsewhere') then 'answered'
      when bool_or(step = 'reject' or reason = 'rejected_elsewhere') then 'rejected'
      when bool_or(step = 'timeout' or reason = 'timeout') then 'missed'
      when bool_or(step = 'terminate') then 'ended'
      else 'ringing'
    end as outcome,
    min(received_at) as began_at,
    max(received_at) filter (where step in ('timeout', 'reject', 'terminate')) as ended_at,
    max(event_id) as event_id,
    server
  from (
    select
      coalesce(e.data ->> 'id', e.data #>> '{packet,content,0,attrs,call-id}') as id,
      e.instance,
      coalesce(e.data ->> 'callerPn', e.data ->> 'from', e.data #>> '{packet,attrs,from}') as caller,
      ${flagOf("e.data ->> 'isGroup'")} as is_group,
      ${flagOf("e.data ->> 'isVideo'")} as is_video,
      coalesce(e.data ->> 'status', e.data #>> '{packet,content,0,tag}') as step,
      e.data #>> '{packet,content,0,attrs,reason}' as reason,
      e.received_at,
      e.id as event_id,
      e.server
    from events e
    where e.event = 'call'
  ) as steps
  where id is not null
  group by server, instance, id`

/** As in the index of these events. */
const ofTurns = `event in (
      'listener.updated', 'instance.create', 'qrcode.updated', 'connection.update',
      'status.instance', 'logout.instance', 'instance.delete', 'remove.instance')`

const reason = (text: string) => `case when ${text} ~ '^[0-9]{1,9}$' then (${text})::integer end`

/**
 * States as `Domain/Projection` reads them: 200 is Evolution's placeholder for no reason, and a bare `close` takes
 * back nothing that was told more exactly.
 */
export const connectionChanges = (schema: string): string => `
  create or replace view ${schema}.connection_changes as
  select
    instance, subject, state, reason, at,
    lead(at) over (partition by server, instance, subject order by event_id) as until,
    origin, event_id, server
  from (
    select *,
      lag(state) over (partition by server, instance, subject order by event_id) as state_before,
      lag(reason) over (partition by server, instance, subject order by event_id) as reason_before
    from (
      select
        e.instance,
        case e.event when 'listener.updated' then 'listener' else 'whatsapp' end as subject,
        case e.event
          when 'listener.updated' then e.data ->> '_tag'
          when 'connection.update' then e.data ->> 'state'
          when 'instance.create' then 'connecting'
          when 'qrcode.updated' then case when e.data ? 'qrcode' then 'connecting' else 'refused' end
          when 'instance.delete' then 'removed'
          when 'remove.instance' then 'removed'
          else 'close'
        end as state,
        case e.event
          when 'connection.update' then nullif(${reason("e.data ->> 'statusReason'")}, 200)
          when 'status.instance' then ${reason("e.data ->> 'disconnectionReasonCode'")}
          when 'logout.instance' then 401
        end as reason,
        e.received_at as at,
        e.origin,
        e.id as event_id,
        e.server
      from events e
      where e.${ofTurns}
    ) as turns
    where state is not null and state <> 'Connecting'
  ) as told
  where (state, reason) is distinct from (state_before, reason_before)
    and not (state = 'close' and state_before is not null and (state_before = 'removed'
      or origin = 'snapshot' and state_before in ('close', 'refused')))`

export const gaps = (schema: string): string => `
  create or replace view ${schema}.gaps as
  select id, instance, "from" as began_at, "to" as ended_at, cause, recovered, fetched, reason, note,
    fetched_until, retry_at, server
  from gaps
  where cause <> 'import'`
