-- Step 15: what a host wants to know of how the house does. Written as step 1 is.

-- When it was backed up last, by its own time.
alter table house add column backed_up bigint;

-- What waits to leave, the longest first.
create index messages_waiting on messages (since) where state = 'waiting';
