-- Step 7: what limits are counted by. Written as step 1 is.

alter table codes add column written bigint;        -- 1: a mail was to go out
alter table codes add column known bigint;          -- 1: the address had an account
create index codes_written on codes (asked) where written = 1;
create index codes_of_account on codes (account, asked) where account is not null;
create index codes_of_invitation on codes (invitation, asked) where invitation is not null;

alter table persons add column made bigint;         -- none: from before anybody counted
alter table uploads add column begun bigint;        -- likewise
create index uploads_of_account on uploads (account, complete, begun, size);
create index letters_reserved on letters (account, reserved);
create index cards_of_person on cards (person);
create index accounts_by_age on accounts (made);
create index sessions_of_account on sessions (account, last_act);
create index readers_of_message on readers (message, opened);
create index readers_of_claim on claim_readers (claim, opened);
