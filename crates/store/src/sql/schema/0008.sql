-- Step 8: what stands in the way of the whole house. Written as step 1 is.

create table holds (
    what text primary key,
    since bigint not null               -- by trusted time
) /*strict*/;
