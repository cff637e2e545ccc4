-- Step 17: when keepers were heard of, the addresses that they give, and what they may be told of a person. Written as step 1 is.

-- By trusted time: the last thing that they did here, and when they were last asked whether this is still right.
alter table keepers add column heard bigint;
alter table keepers add column asked bigint;

-- What an author lets her keepers be told of a person who cannot be reached: a name, under the address key, bound to the person.
alter table persons add column told bytea;

-- A newer address of a person, as one keeper gives it; the last one of each. It counts when enough of them give the same.
create table given_addresses (
    person text not null references persons (id),
    keeper text not null references keepers (id),
    address text not null,              -- the name that it has if it counts
    sealed bytea not null,
    key bytea not null,
    primary key (person, keeper)
) /*strict*/;
