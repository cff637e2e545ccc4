-- Step 5: what is asked before a letter opens, since when a house has an address, and whose name a knock may say. Written as step 1 is.

-- What is asked, the newest of a letter counting; for what was opened, all that ever stood. The answer itself is nowhere.
create table proofs (
    letter text not null references letters (id),
    nr bigint not null,
    question bytea,                     -- under the address key, bound to the letter; null: their birthday
    with_year bigint not null,          -- of a birthday: the year is asked for too
    answer bytea not null,              -- keyed hash
    primary key (letter, nr)
) /*strict*/;

-- Wrong answers alone.
create table proof_tries (
    delivery text not null references deliveries (id),
    reader bytea not null,
    at bigint not null
) /*strict*/;
create index proof_tries_of on proof_tries (delivery, at);

-- In which reader's session the right answer was given.
create table proved (
    reader bytea not null,
    delivery text not null references deliveries (id),
    primary key (reader, delivery)
) /*strict*/;

-- Since when the house has it; of those that were there before nobody knows.
alter table addresses add column given bigint;

-- Keyed hashes of the exact name: approved by the host, typed by whoever invited, allowed by the person.
alter table accounts add column approved_name bytea;
alter table invitations add column approved_name bytea;
alter table persons add column allowed_name bytea;
