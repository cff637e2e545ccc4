-- Step 22: a way to reach an author beside mail. Written as step 1 is.

-- 'hook': by the host's webhook, to a handle that the host understands. None: by mail.
alter table channels add column way text;

-- The same of what is sent there: neither that it was taken nor that it waits says anything about mail.
alter table messages add column way text;

-- What waits for the webhook.
create index messages_hook on messages (since) where way = 'hook' and state = 'waiting';
