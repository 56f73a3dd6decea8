"""The `ics` command, and the runner that starts the whole product on one machine."""
