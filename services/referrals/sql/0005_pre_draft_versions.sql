-- The version of a draft rises with each save. `save_id` names the last save: a page keeps the id of a save that was
-- not answered, so that it never takes its own save for another page's.
ALTER TABLE draft ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE draft ADD COLUMN save_id uuid;
