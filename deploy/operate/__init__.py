"""Operator commands: accounts, audit, rebuilding of reports, and checks of the machine."""
