-- Step 12: who credits the time of service, and finding what was derived with older zone data. Written as step 1 is.

create table ticker (
    id bigint primary key check (id = 1),
    holder text,                        -- a boot; null: nobody
    fence bigint not null
) /*strict*/;

create index deliveries_by_tzdb on deliveries (tzdb, due) where state in ('resting', 'waiting', 'later');
