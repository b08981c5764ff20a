/**
 * Values out of an event's data, as SQL. An expression of these fails for no JSON value: what does not have the
 * expected shape is null. A cast stands behind a test of its own `case`, which Postgres evaluates first.
 */

const digits = (text: string, most: number) => `${text} ~ '^-?[0-9]{1,${most}}$'`

/**
 * A 64-bit number of WhatsApp's protocol as `numeric`: a JSON number, decimal digits, or the two signed halves of
 * protobufjs' `Long`.
 */
export const wideNumber = (json: string): string => `
  case jsonb_typeof(${json})
    when 'number' then (${json})::numeric
    when 'string' then
      case when ${digits(`${json} #>> '{}'`, 20)} then (${json} #>> '{}')::numeric end
    when 'object' then
      case when ${digits(`${json} ->> 'low'`, 10)} and ${digits(`${json} ->> 'high'`, 10)} then
        (${json} ->> 'high')::numeric * 4294967296 + (${json} ->> 'low')::numeric
          + case when ${json} ->> 'low' like '-%' then 4294967296 else 0 end
      end
  end`

/** The end of 9999: later times have more digits than ISO 8601 gives a year. */
const lastSecond = 253_402_300_799

const within = (number: string, quote: string) =>
  `${number} >= ${quote}1${quote} and ${number} <= ${quote}${lastSecond}${quote}`

/**
 * Seconds since 1970 UTC as a time; null where they are none. Of JSON values only a number is between two numbers. The
 * index of `ops/sql/sent.sql` is over this very expression.
 */
export const timeOf = (json: string): string => `
  case
    when ${within(json, "'")} then to_timestamp((${json})::double precision)
    when jsonb_typeof(${json}) in ('string', 'object') and ${within(`(${wideNumber(json)})`, "")}
      then to_timestamp((${wideNumber(json)})::double precision)
  end`

/** As `bigint`; null where it does not fit. */
export const bigintOf = (json: string): string => `
  case when ${wideNumber(json)} between 0 and 9223372036854775807 then (${wideNumber(json)})::bigint end`

/** A flag, false unless it is true. The planner takes a `case` for true every second time, a comparison hardly ever. */
export const flagOf = (text: string): string => `case ${text} when 'true' then true else false end`
