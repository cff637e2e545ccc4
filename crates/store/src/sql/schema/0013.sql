-- Step 13: whether an author is alive. Written as step 1 is.

create table lives (
    account text primary key references accounts (id),
    plan text not null,                 -- words and numbers, as map_life.rs writes them; likewise coming, stage, weak
    coming text,
    coming_at bigint,
    stage text not null,
    episode bigint not null,
    open bigint not null,
    armed bigint not null,              -- observed seconds, as all times here but paused, confirmed and released
    sign bigint not null,
    weak_at bigint,
    strong_at bigint,
    asks bigint not null,
    paused bigint,
    rung bigint not null,
    written bigint not null,
    judged bigint not null,
    probed bigint not null,
    refusals bigint not null,
    out_of_reach bigint not null,
    keepers_asked bigint,
    rounds bigint not null,
    climbed bigint,
    wells bigint not null,
    held bigint,
    weak text not null,
    confirmed bigint,
    released bigint,
    rev bigint not null
) /*strict*/;

create table channels (
    id text primary key,
    account text not null references accounts (id),
    sealed bytea not null,
    nr bigint not null,
    added bigint not null,
    removed bigint not null
) /*strict*/;
create index channels_of_account on channels (account, nr);

create table keepers (
    id text primary key,
    account text not null references accounts (id),
    name bytea not null,
    address bytea,
    language text not null,
    standing text not null,
    link bytea not null unique,
    nr bigint not null,
    added bigint not null,
    rev bigint not null
) /*strict*/;
create index keepers_of_account on keepers (account, nr);

-- The last word of a keeper in an episode.
create table votes (
    account text not null references accounts (id),
    episode bigint not null,
    keeper text not null references keepers (id),
    word text not null,
    primary key (account, episode, keeper)
) /*strict*/;

create table stop_codes (
    account text primary key references accounts (id),
    code bytea not null unique
) /*strict*/;

-- Of messages of the ladder: which writing they belong to, and to whom they go beside the account.
alter table messages add column episode bigint;
alter table messages add column rung bigint;
alter table messages add column whom text;
create index messages_of_ladder on messages (account, rung) where rung is not null;
create index messages_accepted on messages (ended) where ended is not null;

create index deliveries_gone on deliveries (account) where gate = 'gone';
