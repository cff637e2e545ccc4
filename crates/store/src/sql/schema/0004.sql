-- Step 4: what people answer, the eight digits of a knock typed at the house's address, and the language of newcomers. Written as step 1 is.

-- What a person answered to a letter: one sealed file, which its author alone opens.
create table replies (
    id text primary key,
    account text not null references accounts (id),
    delivery text not null references deliveries (id),
    blob text not null,
    size bigint not null,
    sha256 bytea not null,
    at bigint not null,                 -- for the limit of a day alone; nobody is shown it
    seen_from bigint not null,          -- the morning after: nobody learns at what hour it was written
    seen bigint not null
) /*strict*/;
create index replies_of_account on replies (account, seen_from);
create index replies_to on replies (delivery, at);

create table digit_tries (
    address bytea not null,
    at bigint not null
) /*strict*/;
create index digit_tries_of on digit_tries (address, at);

-- In which language the browser spoke that asked for a code: whoever has no account yet is greeted in it.
alter table codes add column language text;
