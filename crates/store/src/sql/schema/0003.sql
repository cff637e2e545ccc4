-- Step 3: a session that a card opened is no wider than that card, also when the card is replaced meanwhile. Written as step 1 is.

alter table claim_readers add column claim bytea;
-- With which card these were opened is not known: whoever has the words types them once more.
delete from claim_readers;

-- Test messages are counted.
create index messages_trial on messages (account, expires) where kind = 'notice-trial';
