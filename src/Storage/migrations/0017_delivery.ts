import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Endpoints, and how far each has come. A feed is an endpoint's way through the log (its id is the endpoint's), or a
 * replay's. Successes move cursors, only failures leave rows.
 */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    -- Tells this log from others: it is a part of each message's id. One row, made by the service: the archive that
    -- embedded databases begin with has none.
    create table log_identity (
      id text not null,
      is_only boolean primary key default true check (is_only)
    );

    create table endpoint_changes (
      last bigint not null
    );
    insert into endpoint_changes (last) values (0);

    create table endpoints (
      id uuid primary key,
      name text not null,
      -- Without secrets.
      settings jsonb not null,
      -- Encrypted, by name: the signing secrets, and the values of headers.
      secrets jsonb not null default '{}',
      state text not null,
      reason text,
      source text not null,
      bound_instances jsonb,
      bound_servers jsonb,
      -- Its cursors begin after this event.
      starts_after bigint not null,
      generation integer not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      -- The number of the last change: later ones are higher.
      change bigint not null default 0
    );
    create index endpoints_change on endpoints (change);
    -- A key does not learn from a refused name that there are endpoints which it may not see.
    create unique index endpoints_name on endpoints
      (name, coalesce(bound_instances::text, ''), coalesce(bound_servers::text, ''));

    create function number_endpoint_change() returns trigger language plpgsql as $$
    begin
      -- The row stays locked until the commit: so changes become visible in their order.
      update endpoint_changes set last = last + 1;
      if tg_op = 'DELETE' then
        return old;
      end if;
      select last from endpoint_changes into new.change;
      return new;
    end $$;

    create trigger number_endpoint_change
      before insert or update or delete on endpoints
      for each row execute function number_endpoint_change();

    create table endpoint_replays (
      id uuid primary key,
      endpoint uuid not null references endpoints (id) on delete cascade,
      -- Events after this one, up to that one.
      after bigint not null,
      until bigint not null,
      -- Narrows the endpoint's filter.
      filter jsonb not null default '{}',
      state text not null,
      created_at timestamptz not null,
      finished_at timestamptz
    );
    create index endpoint_replays_by_endpoint on endpoint_replays (endpoint, created_at);

    -- Everything of a server up to the cursor is delivered, but for what the lanes say.
    create table endpoint_cursors (
      feed uuid not null,
      endpoint uuid not null references endpoints (id) on delete cascade,
      server text not null,
      generation integer not null,
      cursor bigint not null,
      -- Events that wait, and when the oldest of them was received.
      behind integer not null default 0,
      oldest_at timestamptz,
      -- There may be more: not all of the log was counted.
      is_at_least boolean not null default false,
      delivered bigint not null default 0,
      at timestamptz not null,
      primary key (feed, server)
    ) with (fillfactor = 50);

    create table endpoint_lanes (
      feed uuid not null,
      endpoint uuid not null references endpoints (id) on delete cascade,
      server text not null,
      -- An instance, or "#n"; empty: the only lane.
      lane text not null,
      generation integer not null,
      cursor bigint not null,
      -- The last event of the lane that was dealt with, for the receiver to see holes.
      previous bigint,
      -- It is behind the feed's cursor, and reads the log by itself.
      held boolean not null default false,
      -- Of the event after the cursor.
      attempts integer not null default 0,
      head bigint,
      retry_at timestamptz,
      failing_since timestamptz,
      reason text,
      primary key (feed, server, lane)
    ) with (fillfactor = 50);
    -- Most lanes have nothing before them.
    create index endpoint_lanes_waiting on endpoint_lanes (feed) where held or attempts > 0;

    -- Events that were put aside: to be tried again, or, without a time, by hand alone.
    create table endpoint_undelivered (
      feed uuid not null,
      endpoint uuid not null references endpoints (id) on delete cascade,
      server text not null,
      instance text not null,
      event_id bigint not null,
      event text not null,
      attempts integer not null,
      reason text not null,
      at timestamptz not null,
      retry_at timestamptz,
      primary key (feed, event_id)
    );
    create index endpoint_undelivered_by_endpoint on endpoint_undelivered (endpoint, event_id);
    create index endpoint_undelivered_due on endpoint_undelivered (server, retry_at) where retry_at is not null;

    -- Failures, and the successes that ended them.
    create table endpoint_attempts (
      id bigint generated always as identity primary key,
      endpoint uuid not null references endpoints (id) on delete cascade,
      feed uuid not null,
      server text not null,
      instance text not null,
      event_id bigint,
      event text not null,
      attempt integer not null,
      at timestamptz not null,
      took_ms integer not null,
      -- delivered, or the kind of the failure.
      outcome text not null,
      status integer,
      message text,
      excerpt text,
      address text
    );
    create index endpoint_attempts_by_endpoint on endpoint_attempts (endpoint, id);

    create table endpoint_health (
      endpoint uuid not null references endpoints (id) on delete cascade,
      server text not null,
      -- closed, open, half-open
      breaker text not null,
      since timestamptz not null,
      next_probe_at timestamptz,
      -- The first failure after the last success.
      failing_since timestamptz,
      last_success_at timestamptz,
      last_failure_at timestamptz,
      reason text,
      primary key (endpoint, server)
    );

    -- Durable handlers of programs that embed the service, and how far each has come.
    create table handler_cursors (
      name text not null,
      server text not null,
      -- All events of the server up to this one are handled, or none of the handler's names.
      cursor bigint not null,
      -- The handler was told of purged events up to this one.
      missed_until bigint not null default 0,
      at timestamptz not null,
      primary key (name, server)
    ) with (fillfactor = 50);

    -- What the owner of a server has to say of its feeds. Of an endpoint that is gone, or whose cursors were set anew,
    -- nothing is kept.
    create procedure save_deliveries(
      of_server text,
      -- A statement of an older epoch fails with SQLSTATE TAKEN.
      of_epoch bigint,
      -- The last: events that were put aside, and are delivered now.
      lanes jsonb, cursors jsonb, attempts jsonb, set_aside jsonb, settled jsonb
    ) language plpgsql as $$
    begin
      if not exists (select from servers where id = of_server and epoch = of_epoch) then
        raise exception using errcode = 'TAKEN',
          message = format('another process delivers the events of server "%s"', of_server);
      end if;

      if lanes is not null then
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, previous, held,
          attempts, head, retry_at, failing_since, reason)
        select l.feed, e.id, of_server, l.lane, e.generation, l.cursor, l.previous, l.held,
          l.attempts, l.head, l.retry_at, l.failing_since, l.reason
        from jsonb_to_recordset(lanes) as l (feed uuid, endpoint uuid, lane text, generation integer,
          cursor bigint, previous bigint, held boolean, attempts integer, head bigint,
          retry_at timestamptz, failing_since timestamptz, reason text)
        join endpoints e on e.id = l.endpoint and e.generation = l.generation
        on conflict (feed, server, lane) do update set
          generation = excluded.generation, cursor = excluded.cursor, previous = excluded.previous,
          held = excluded.held, attempts = excluded.attempts, head = excluded.head,
          retry_at = excluded.retry_at, failing_since = excluded.failing_since, reason = excluded.reason
        -- A statement of an owner before may be late.
        where endpoint_lanes.generation < excluded.generation or endpoint_lanes.cursor <= excluded.cursor;
      end if;

      if cursors is not null then
        insert into endpoint_cursors (feed, endpoint, server, generation, cursor, behind, oldest_at, is_at_least,
          delivered, at)
        select c.feed, e.id, of_server, e.generation, c.cursor, c.behind, c.oldest_at, c.is_at_least,
          c.delivered, now()
        from jsonb_to_recordset(cursors) as c (feed uuid, endpoint uuid, generation integer, cursor bigint,
          behind integer, oldest_at timestamptz, is_at_least boolean, delivered bigint)
        join endpoints e on e.id = c.endpoint and e.generation = c.generation
        on conflict (feed, server) do update set
          generation = excluded.generation, cursor = excluded.cursor, behind = excluded.behind,
          oldest_at = excluded.oldest_at, is_at_least = excluded.is_at_least, delivered = endpoint_cursors.delivered + excluded.delivered,
          at = excluded.at
        where endpoint_cursors.generation < excluded.generation or endpoint_cursors.cursor <= excluded.cursor;
      end if;

      if attempts is not null then
        insert into endpoint_attempts (endpoint, feed, server, instance, event_id, event, attempt, at, took_ms,
          outcome, status, message, excerpt, address)
        select e.id, a.feed, of_server, a.instance, a.event_id, a.event, a.attempt, a.at, a.took_ms,
          a.outcome, a.status, a.message, a.excerpt, a.address
        from jsonb_to_recordset(attempts) as a (endpoint uuid, feed uuid, instance text, event_id bigint,
          event text, attempt integer, at timestamptz, took_ms integer, outcome text, status integer,
          message text, excerpt text, address text)
        join endpoints e on e.id = a.endpoint;
      end if;

      if set_aside is not null then
        insert into endpoint_undelivered (feed, endpoint, server, instance, event_id, event, attempts, reason, at, retry_at)
        select u.feed, e.id, of_server, u.instance, u.event_id, u.event, u.attempts, u.reason, u.at, u.retry_at
        from jsonb_to_recordset(set_aside) as u (feed uuid, endpoint uuid, instance text, event_id bigint,
          event text, attempts integer, reason text, at timestamptz, retry_at timestamptz)
        join endpoints e on e.id = u.endpoint
        on conflict (feed, event_id) do update set
          attempts = excluded.attempts, reason = excluded.reason, at = excluded.at, retry_at = excluded.retry_at;
      end if;

      if settled is not null then
        delete from endpoint_undelivered u
        using jsonb_to_recordset(settled) as s (feed uuid, event_id bigint)
        where u.feed = s.feed and u.event_id = s.event_id;
      end if;
    end $$`
)
