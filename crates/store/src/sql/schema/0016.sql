-- Step 16: what is held until it is asked for. Written as step 1 is.

-- Who asked at the door whether something waits for an address of theirs: one row for each asking, whether anybody writes there or not, so that asking is the same work. 1: it was answered.
create table asked_at_door (
    address bytea not null,             -- keyed hash of its normal form
    at bigint not null,
    answered bigint not null
) /*strict*/;
create index asked_at_door_of on asked_at_door (address, at);
create index asked_at_door_waits on asked_at_door (address) where answered = 0;

-- What somebody who comes with the card of this person before the time may be told: none: nothing; 'waits': that something does; 'day': and from which day on.
alter table persons add column told_early text;
