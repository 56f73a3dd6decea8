-- The compartments that a finished report covers. NULL stands for the whole register, so a file that was made before
-- this column is only for those who reach everything.
ALTER TABLE job ADD COLUMN compartment_ids uuid [];
GRANT UPDATE (compartment_ids) ON job TO reports_app;
