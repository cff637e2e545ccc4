-- Step 21: what is remembered of a letter's way, for its author to read until it leaves. Written as step 1 is.

create table notes (
    subject text not null,              -- a letter, a person or an account
    nr bigint not null,
    at bigint not null,
    what text not null,
    primary key (subject, nr)
) /*strict*/;
