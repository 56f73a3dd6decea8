-- Administrators look for an ended record by NHS number. The index holds ended records alone, and is small.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_ended_by_number ON record (register_code, nhs_number) WHERE NOT is_open AND nhs_number IS NOT NULL;
