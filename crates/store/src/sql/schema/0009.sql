-- Step 9: what is parked keeps where it was, and what left unforeseen is counted. Written as step 1 is.

-- All of them while it is parked, or none: where an older program parked it, or nothing did.
alter table deliveries add column parked_state text;
alter table deliveries add column parked_number bigint;
alter table deliveries add column parked_word text;
alter table deliveries add column parked_by text;           -- engine, host
alter table deliveries add column parked_since bigint;      -- by trusted time
alter table deliveries add column parked_observed bigint;
create index deliveries_parked on deliveries (state_word) where state = 'parked';

-- Observed time at which it left although nobody foresaw it.
alter table deliveries add column left_unforeseen bigint;
create index deliveries_left_unforeseen on deliveries (left_unforeseen) where left_unforeseen is not null;

-- When somebody looked ahead last.
alter table clock add column looked_trusted bigint;
alter table clock add column looked_observed bigint;
