-- Step 11: when hosts were called last, and how many knocks left lately. Written as step 1 is.

create table calls (
    what text primary key,
    at bigint not null                  -- by trusted time
) /*strict*/;

create index knocks_left on messages (ended) where kind = 'knock' and ended is not null;
