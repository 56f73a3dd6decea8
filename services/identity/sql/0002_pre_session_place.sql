-- From which browser and network address a session was opened, as its own user sees it. It goes with the session.
ALTER TABLE session
ADD COLUMN browser text NOT NULL DEFAULT '',
ADD COLUMN address text NOT NULL DEFAULT '';
