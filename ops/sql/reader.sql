-- A role that may read the views of docs/sql.md, and nothing else of this service. It may be run again.
--
--     psql "$DATABASE_URL" -v reader=reports -f ops/sql/reader.sql
--
-- Variables: reader, the role's name; views, their schema (listener, or <schema>_listener of a service that has its
-- tables in another schema than public). Give the role a password afterwards: \password reports
\set ON_ERROR_STOP on
\if :{?reader} \else \set reader reader \endif
\if :{?views} \else \set views listener \endif

select not exists (select from pg_roles where rolname = :'reader') as is_new \gset
\if :is_new
  create role :"reader" login nosuperuser nocreatedb nocreaterole noinherit;
\endif

begin;
grant usage on schema :"views" to :"reader";
grant select on all tables in schema :"views" to :"reader";
grant execute on all functions in schema :"views" to :"reader";
-- Views that a later version adds are made by the owner of these.
select quote_ident(pg_get_userbyid(relowner)) as owner from pg_class
where oid = format('%I.messages', :'views')::regclass \gset
alter default privileges for role :owner in schema :"views" grant select on tables to :"reader";
commit;

-- Just-in-time compilation of such a query takes longer than the query. With the usual 4 MB, sorts go to the disk. A
-- query that runs away is ended.
alter role :"reader" set jit = off;
alter role :"reader" set work_mem = '64MB';
alter role :"reader" set statement_timeout = '60s';
alter role :"reader" set default_transaction_read_only = on;
alter role :"reader" set search_path = :"views";
