-- Step 24: who is told that she lives, after a release that was false. Written as step 1 is.

-- To whom she has it said.
create table told_alive (
    person text primary key references persons (id),
    message text not null,              -- its name, also where there is no address to which it could go
    leaves bigint not null,             -- observed
    asked bigint not null,              -- trusted
    taken_back bigint not null,
    rev bigint not null
) /*strict*/;

-- Letters for her end that she took back when they had left already.
create table taken_back_late (
    letter text primary key references letters (id)
) /*strict*/;
