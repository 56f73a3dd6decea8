-- Which stream stored an event, by the time at which the stream was made, and at which place. `lost_at`: since when an
-- event that its stream has lost waits to be sent again. An event that was sent before this migration has no place.
ALTER TABLE outbox
ADD COLUMN stream_made_at timestamptz,
ADD COLUMN stream_sequence bigint,
ADD COLUMN lost_at timestamptz;
-- The table holds 30 days of events, so writers wait for well under a second.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX outbox_lost ON outbox (id) WHERE lost_at IS NOT NULL;

-- `ics set-aside` takes an event off the list when an operator has decided about it.
GRANT DELETE ON set_aside TO "<service>_app";
