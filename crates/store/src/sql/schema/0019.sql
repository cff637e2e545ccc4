-- Step 19: what an author's keepers open together. Written as step 1 is.

-- A set of cards: one for all whom she writes to, or one of its own for a person. `file` is keeper-set.age: the set's secret under a master that is on the keepers' cards alone.
-- Without it no card opens anything. When a keeper leaves, another takes its place here, and the old bytes are gone from here.
create table keeper_sets (
    id text primary key,
    account text not null,
    person text,
    needed bigint not null,             -- so many cards
    of_cards bigint not null,           -- of so many
    file bytea not null,
    made bigint not null,               -- by trusted time: when this file was made
    nr bigint not null,                 -- in the order in which she made them
    rev bigint not null
) /*strict*/;
create index keeper_sets_of on keeper_sets (account, nr);

-- To which set a wrap of the kind 'keepers' is.
alter table wraps add column keeper_set text;
