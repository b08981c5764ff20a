/**
 * Notes in the database itself which process writes, by the `application_name` of its connection. Triggers know nothing
 * of epochs that a process believes in, so they see also a write that the fence should have refused.
 */

/** A transaction that appended events of one server. */
export interface Append {
  /** By Postgres' clock, ms since 1970 UTC. */
  readonly at: number
  readonly server: string
  /** The newest epoch of the server at that moment. */
  readonly epoch: number
  readonly first: number
  /** Number of events that were received live. */
  readonly live: number
  readonly application: string
}

/** A change of a server's owner. */
export interface Change {
  readonly at: number
  readonly server: string
  readonly epoch: number
  /** The process that owns it from then on; `null`: it was released. */
  readonly application: string | null
}

/** Another write that only an owner may make. */
export interface Write {
  readonly at: number
  readonly what: string
  readonly server: string
  readonly epoch: number
  readonly application: string
}

export interface Testimony {
  readonly appends: ReadonlyArray<Append>
  readonly changes: ReadonlyArray<Change>
  readonly writes: ReadonlyArray<Write>
}

type Query = <Row extends object>(
  text: string,
  values?: ReadonlyArray<unknown>
) => Promise<ReadonlyArray<Row>>

const tables = `
  create schema witness;
  create table witness.processes (id uuid primary key, application text not null);
  create table witness.appends (
    nth bigserial primary key, at float8, server text, epoch bigint, first bigint, live bigint, application text);
  create table witness.changes (
    nth bigserial primary key, at float8, server text, epoch bigint, owner uuid);
  create table witness.writes (
    nth bigserial primary key, at float8, what text, server text, epoch bigint, application text);

  create function witness.now() returns float8 language sql volatile as
    $$ select extract(epoch from clock_timestamp()) * 1000 $$;
  create function witness.me() returns text language sql stable as
    $$ select current_setting('application_name') $$;

  create function witness.process() returns trigger language plpgsql as $$ begin
    insert into witness.processes values (new.id, witness.me()); return null;
  end $$;
  create trigger witness after insert on replicas for each row execute function witness.process();

  create function witness.append() returns trigger language plpgsql as $$ begin
    insert into witness.appends (at, server, epoch, first, live, application)
    select witness.now(), server, epoch, min(added.id), count(*) filter (where origin = 'live'), witness.me()
    from added join servers on servers.id = server group by server, epoch;
    return null;
  end $$;
  create trigger witness after insert on events referencing new table as added
    for each statement execute function witness.append();

  create function witness.change() returns trigger language plpgsql as $$ begin
    insert into witness.changes (at, server, epoch, owner)
    values (witness.now(), new.id, new.epoch, new.owner); return null;
  end $$;
  create trigger witness_change after update of epoch, owner on servers for each row
    when (old.epoch <> new.epoch or old.owner is distinct from new.owner)
    execute function witness.change();

  create function witness.write() returns trigger language plpgsql as $$
  declare of_server text := case when tg_table_name = 'servers' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'server' end;
  begin
    insert into witness.writes (at, what, server, epoch, application)
    select witness.now(), tg_table_name, id, epoch, witness.me() from servers where id = of_server;
    return null;
  end $$;
  create trigger witness after insert or update on gaps for each row execute function witness.write();
  create trigger witness_beat after update of heard_at, stopped on servers for each row
    execute function witness.write();

  insert into witness.changes (at, server, epoch, owner)
  select witness.now(), id, epoch, owner from servers;`

/** `running`: the application of the replica at each address. */
export const install = async (
  query: Query,
  running: ReadonlyMap<string, string>
): Promise<void> => {
  await query(tables)
  await query(
    `insert into witness.processes
     select id, application from replicas join unnest($1::text[], $2::text[]) as known (place, application)
       on rtrim(address, '/') = place
     on conflict do nothing`,
    [[...running.keys()], [...running.values()]]
  )
}

/** Takes the condition on the epoch out of the statement that appends. */
export const removeFence = async (query: Query): Promise<void> => {
  const [row] = await query<{ source: string }>(
    "select pg_get_functiondef('append_batch'::regproc) as source"
  )
  const fence = /where id = of_server and epoch = of_epoch and batch/
  const source = row?.source ?? ""
  if (!fence.test(source)) throw new Error(`No fence in ${source}`)
  await query(source.replace(fence, "where id = of_server and batch"))
}

export const hear = async (query: Query): Promise<Testimony> => ({
  appends: await query<Append>(`
    select at, server, epoch::float8, first::float8, live::float8, application
    from witness.appends order by nth`),
  changes: await query<Change>(`
    select at, server, epoch::float8, application
    from witness.changes left join witness.processes on id = owner order by nth`),
  writes: await query<Write>(`
    select at, what, server, epoch::float8, application from witness.writes order by nth`)
})

/** The application that owns a server now. */
export const ownerOf = async (query: Query, server: string): Promise<string | undefined> => {
  const [row] = await query<{ application: string }>(
    `select application from servers join witness.processes on processes.id = owner
     where servers.id = $1`,
    [server]
  )
  return row?.application
}
