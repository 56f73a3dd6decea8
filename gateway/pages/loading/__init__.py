"""Loading a register from a spreadsheet: the upload, what its columns mean, its checked rows, and the load itself."""
