"""The background work on uploads: reading the file, checking its rows, and putting them on the register."""
