-- Step 25: people whose mail somebody else reads. Written as step 1 is.

-- The name of this person that whoever looks after them is told, under the address key; none: they read their mail themselves.
alter table persons add column looked_after bytea;

-- How often that was chosen.
alter table persons add column looked_after_rev bigint not null default 0;
