"""The version of this release: packaging, the `ics` command, the bus and the generated documents all read it here."""

VERSION = "0.1.0"
