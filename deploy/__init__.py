"""The `ics` command, and the runner that brings the whole product up on one machine."""
