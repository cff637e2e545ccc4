-- Step 1: everything that the first version remembers. One text for SQLite and PostgreSQL: `bigint` and `bytea` become `integer` and `blob`
-- in SQLite, and what stands between slashes and stars is for one of them alone (tx.rs).
--
-- Instants are microseconds since 1970 (UTC), observed time is seconds of service, flags are 0 or 1, ids are 26 characters of base32,
-- hashes are 32 bytes. Nothing here can be read by somebody who should not: addresses and names are sealed or hashed.

create table house (
    id bigint primary key check (id = 1),
    generation bigint not null,
    keys_confirmed bigint not null,
    refusals bigint not null            -- how many refusals and liftings there were: the rev of the newest
) /*strict*/;
insert into house (id, generation, keys_confirmed, refusals) values (1, 1, 0, 0);

create table clock (
    id bigint primary key check (id = 1),
    trusted bigint not null,
    observed bigint not null
) /*strict*/;

create table nodes (
    boot text primary key,
    beat bigint not null
) /*strict*/;

-- Which records of which node's journal have been committed here: what is missing is replayed at the start.
create table facts (
    node text not null,
    seq bigint not null,
    primary key (node, seq)
) /*strict*/;

-- So far has each node's journal been compared with the rows.
create table replayed (
    node text primary key,
    seq bigint not null
) /*strict*/;

create table invitations (
    token bytea primary key,
    role text not null,
    expires bigint not null,
    used bigint not null
) /*strict*/;

create table accounts (
    id text primary key,
    email bytea not null,
    email_key bytea not null unique,
    name bytea not null,
    role text not null,
    language text not null,
    zone text not null,
    recipient text not null,
    salt bytea not null,
    unlock_key bytea not null,
    unlock_number bigint not null,
    vault bytea not null,
    vault_rev bigint not null,
    made bigint not null
) /*strict*/;

create table unlock_tries (
    account text not null references accounts (id),
    at bigint not null
) /*strict*/;
create index unlock_tries_of on unlock_tries (account, at);

-- A session belongs to somebody with an account, or (newcomer) to somebody who may make the account with this id and nothing else.
create table sessions (
    token bytea primary key,
    account text not null,
    newcomer bigint not null,
    email_key bytea,
    email bytea,
    invitation bytea,
    made bigint not null,
    last_act bigint not null,
    unlocked_at bigint,
    fresh_at bigint,
    mine bigint not null
) /*strict*/;

create table codes (
    message text primary key,
    browser bytea not null,
    email_key bytea not null,
    email bytea not null,
    invitation bytea,
    asked bigint not null,
    expires bigint not null,
    code bytea,
    tries bigint not null,
    ended bigint not null
) /*strict*/;
create index codes_of_browser on codes (browser) where ended = 0;
create index codes_of_address on codes (email_key, asked);
create index codes_by_age on codes (asked);

create table persons (
    id text primary key,
    account text not null references accounts (id),
    nr bigint not null,                 -- oldest first
    zone text,
    language text not null,
    series bigint not null              -- of knocks: an opening begins a new one
) /*strict*/;
create index persons_of_account on persons (account, nr);

create table addresses (
    id text primary key,
    person text not null references persons (id),
    nr bigint not null,                 -- the order in which they are tried
    sealed bytea not null,
    key bytea not null,
    good bigint not null,
    removed bigint not null
) /*strict*/;
create index addresses_of_person on addresses (person, nr);
create index addresses_by_key on addresses (key);

create table letters (
    id text primary key,
    account text not null references accounts (id),
    reserved bigint not null,
    withdrew bigint not null,
    rev bigint not null
) /*strict*/;
create index letters_of_account on letters (account);

create table versions (
    letter text not null references letters (id),
    number bigint not null,
    manifest bytea,                     -- these two stand when it is sealed, and the row never changes again
    sealed bigint,
    nr bigint,                          -- the how-manieth sealing of her account: orders those of one instant
    primary key (letter, number)
) /*strict*/;

create table uploads (
    blob text primary key,
    account text not null references accounts (id),
    letter text not null,
    version bigint not null,
    name text not null,
    kind text not null,
    size bigint not null,
    sha256 bytea not null,
    stored bigint not null,
    complete bigint not null,
    unique (letter, version, name),
    foreign key (letter, version) references versions (letter, number)
) /*strict*/;

create table parts (
    letter text not null,
    version bigint not null,
    name text not null,
    kind text not null,
    blob text not null,
    size bigint not null,
    sha256 bytea not null,
    primary key (letter, version, name),
    foreign key (letter, version) references versions (letter, number)
) /*strict*/;
create index parts_of_blob on parts (blob);

-- What opens a version; `subject` is a letter, or an account for its unlock wrap.
create table wraps (
    subject text not null,
    version bigint not null,
    kind text not null,
    bytes bytea not null,
    host_generation bigint not null,
    primary key (subject, version, kind)
) /*strict*/;

create table deliveries (
    id text primary key,
    letter text not null references letters (id),
    account text not null references accounts (id),
    person text not null references persons (id),
    occurrence bigint not null,
    gate text not null,
    gate_event text,
    gate_keepers text,                  -- ids, with a space between
    gate_quorum bigint,
    moment text not null,
    moment_date text,                   -- YYYY-MM-DD: what the author meant
    moment_time text,                   -- HH:MM:SS
    moment_zone text,
    moment_number bigint,
    reach text not null,
    proof text not null,
    version bigint not null,
    pinned bigint not null,
    state text not null,
    state_number bigint,                -- knocked: how many; parked: it had left; withdrawn: it was undone
    state_word text,                    -- later: the day; parked: why
    rest_until bigint not null,
    rest_observed bigint not null,
    due bigint,
    tzdb text not null,
    rev bigint not null,
    unique (letter, occurrence)
) /*strict*/;
create index deliveries_of_person on deliveries (person);

create table messages (
    id text primary key,
    kind text not null,
    subject text not null,
    account text,
    person text references persons (id),
    series bigint not null,
    nr bigint not null,                 -- the how-manieth knock of its person: orders those of one instant
    nth bigint not null,
    address text references addresses (id),
    state text not null,
    tries bigint not null,
    since bigint not null,
    date bigint,
    expires bigint,
    foreseen bigint not null,
    ended bigint,                       -- observed time at which it was accepted
    rev bigint not null
) /*strict*/;
create index messages_of_person on messages (person, series);
create unique index one_knock on messages (person, series, nth, address) where kind = 'knock' and state <> 'dropped';

create table links (
    hash bytea primary key,
    message text not null references messages (id)
) /*strict*/;

-- A no. `account` is whose letters it is about; it stands for the address and, where it is wider than that, for the person.
create table refusals (
    scope text not null,
    letter text not null,               -- '' but for the scope of one letter
    person text not null,               -- '' for the house
    account text not null,              -- '' for the house
    address bytea not null,
    standing bigint not null,
    rev bigint not null,
    primary key (address, person, scope, letter)
) /*strict*/;
create index refusals_of_person on refusals (person);

create table readers (
    token bytea primary key,
    message text not null references messages (id),
    opened bigint not null
) /*strict*/;

-- What wakes: narrow, so that finding 500 that have come costs the same at ten thousand and at ten million letters.
create table wakes (
    what text not null,                 -- d: a delivery, m: a message
    id bytea not null,                  -- its 16 bytes: narrower than their text, and ordered alike in every database
    lane bigint not null,
    clock text not null,                -- t: trusted time in microseconds, o: observed time in seconds
    at bigint not null,
    holder text,
    fence bigint not null,
    primary key (what, id)
) /*strict*/;
create index wakes_free on wakes (lane, clock, at) where holder is null;
create index wakes_held on wakes (lane, clock, at) where holder is not null;
