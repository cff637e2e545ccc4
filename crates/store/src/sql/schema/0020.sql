-- Step 20: keepers' cards after the release. Written as step 1 is.

-- What a reader's browser asks the keepers with: one key for a letter at a time. Nothing of it is in the journal.
create table asks (
    delivery text primary key references deliveries (id),
    recipient text not null,            -- age1pq
    until bigint not null,              -- trusted
    made bigint not null,               -- trusted: since when new keys are counted
    keys bigint not null,               -- how many there were since then
    written bigint,                     -- trusted: when keepers were last written to
    rev bigint not null
) /*strict*/;

-- A card that a keeper gave for it, sealed to that key.
create table shares (
    delivery text not null references deliveries (id),
    keeper text not null references keepers (id),
    bytes bytea not null,
    card_set bigint not null,           -- SLIP-39's number of its set
    primary key (delivery, keeper)
) /*strict*/;
