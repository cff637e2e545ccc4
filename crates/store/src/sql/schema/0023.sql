-- Step 23: the word of keepers for what a letter waits for. Written as step 1 is.

-- Since when enough of them have said it, and whether its author was there to be told.
create table events (
    letter text primary key references letters (id),
    spoken bigint,                      -- observed
    spoken_at bigint,                   -- trusted
    grace bigint,
    told text,                          -- the message that tells her
    asked bigint,                       -- trusted: when the other keepers were last asked
    rev bigint not null
) /*strict*/;

-- The last word of each: it has happened, or not yet.
create table event_words (
    letter text not null references letters (id),
    keeper text not null references keepers (id),
    happened bigint not null,
    primary key (letter, keeper)
) /*strict*/;
