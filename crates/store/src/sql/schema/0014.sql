-- Step 14: what looking after everything needs: how far it came, what was found wrong, and how each night stood. Written as step 1 is.

-- How far the scrubber has come.
create table rounds (
    id bigint primary key check (id = 1),
    began bigint not null,              -- observed time
    total bigint not null,
    done bigint not null,
    stage text not null,                -- blobs, wraps, through
    behind text not null                -- behind which one it goes on; '' at the beginning of a stage
) /*strict*/;

-- What was found wrong and is not right yet.
create table findings (
    thing text not null,
    name text not null,
    wrong text not null,
    since bigint not null,
    primary key (thing, name, wrong)
) /*strict*/;

-- How each night stood.
create table balances (
    day text primary key,               -- YYYY-MM-DD, by trusted time
    at bigint not null,
    until bigint not null,
    until_then bigint not null
) /*strict*/;
create index balances_by_time on balances (at);
create table balance_counts (
    day text not null references balances (day),
    state text not null,
    many bigint not null,
    primary key (day, state)
) /*strict*/;

-- So far was each node's journal held against the rows.
create table balanced (
    node text primary key,
    seq bigint not null
) /*strict*/;

-- When a promise was made, by trusted time; none: before anybody counted.
alter table deliveries add column made bigint;

create index draft_parts_of_blob on draft_parts (blob);
create index replies_of_blob on replies (blob);

-- A node that does not say that it closed died; what it said that it was working on was perhaps why.
alter table nodes add column node text;             -- whose journal it writes
alter table nodes add column nr bigint;             -- the how-manieth start of all
alter table nodes add column began bigint;          -- observed time of its start
alter table nodes add column closed bigint;         -- 1: it closed by itself
alter table nodes add column working_what text;
alter table nodes add column working_id bytea;

-- How often a node died while it worked on this.
create table deaths (
    what text not null,
    id bytea not null,
    many bigint not null,
    primary key (what, id)
) /*strict*/;
