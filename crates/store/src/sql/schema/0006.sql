-- Step 6: when each delivery is foreseen to leave. Written as step 1 is.

-- All three or none: none where it is too far away. What an older program promised was asked for by a human act, and counts as foreseen since ever.
alter table deliveries add column foreseen bigint;
alter table deliveries add column foreseen_since bigint;
alter table deliveries add column foreseen_by text;        -- act, time
update deliveries set foreseen = case when due < rest_until then rest_until else due end, foreseen_since = 0, foreseen_by = 'act'
    where due is not null;

-- What waits for its moment, by that moment; and of it what the forecast has not reached yet.
create index deliveries_by_moment on deliveries (due) where state in ('resting', 'waiting');
create index deliveries_unforeseen on deliveries (due) where foreseen is null and state in ('resting', 'waiting');
