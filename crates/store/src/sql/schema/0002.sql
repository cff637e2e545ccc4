-- Step 2: drafts at the house, cards with words, new words with a rest of their own, the paper kit, another sign-in address, and what the
-- renewal of the host's key needs. Written as step 1 is.

create table drafts (
    id text primary key,
    account text not null references accounts (id),
    rev bigint not null,
    bytes bytea not null,               -- sealed to the author
    saved bigint not null,
    discarded bigint                    -- since when it is thrown away
) /*strict*/;
create index drafts_of_account on drafts (account, saved);

create table draft_history (
    draft text not null references drafts (id),
    rev bigint not null,
    bytes bytea not null,
    saved bigint not null,
    primary key (draft, rev)
) /*strict*/;

create table draft_parts (
    draft text not null references drafts (id),
    name text not null,
    kind text not null,
    blob text not null,
    size bigint not null,
    sha256 bytea not null,
    primary key (draft, name)
) /*strict*/;

-- Sealed bytes that no row names any more: to be erased.
create table orphans (
    blob text primary key
) /*strict*/;

-- A card opens everything that waits for its person; one that was replaced only what was opened with it.
create table cards (
    claim bytea primary key,
    person text not null references persons (id),
    present bigint not null
) /*strict*/;
create unique index one_card on cards (person) where present = 1;

create table claim_readers (
    token bytea primary key,
    person text not null references persons (id),
    opened bigint not null
) /*strict*/;

alter table accounts add column kit bytea;
create unique index accounts_of_kit on accounts (kit) where kit is not null;

alter table codes add column account text;          -- whose address is to change; none for signing in

-- Messages that go to another address than their account's: the address, bound to the message.
create table notice_to (
    message text primary key references messages (id),
    sealed bytea not null
) /*strict*/;

create table email_undos (
    undo bytea primary key,
    account text not null references accounts (id),
    email bytea not null,
    email_key bytea not null,
    until bigint not null,
    used bigint not null
) /*strict*/;

alter table versions add column kept text;          -- who keeps its key, as it was sealed: nobody, house, words
alter table versions add column amends text;        -- new words: resting, counts, undone; none for first words
alter table versions add column rest_until bigint;
alter table versions add column rest_observed bigint;
update versions set kept = case when exists
    (select 1 from wraps w where w.subject = versions.letter and w.version = versions.number and w.kind = 'host')
    then 'house' else 'nobody' end where sealed is not null;
create index versions_resting on versions (letter) where amends = 'resting';

alter table nodes add column seen bigint;           -- trusted time of its last beat
update nodes set seen = (select trusted from clock where id = 1);

create index wraps_of_generation on wraps (host_generation) where kind <> 'author';
