-- Step 18: a code says what it is good for. Written as step 1 is.

-- 'channel': to be written to at this address too. None: for signing in, or, with an account, for signing in with another address.
alter table codes add column purpose text;

-- When the newest rehearsal was sent, and how far it has come.
create index messages_rehearsal on messages (account, expires) where kind = 'notice-rehearsal';
