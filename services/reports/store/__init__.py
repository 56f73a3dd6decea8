"""Every query of the schema of reports."""
