"""What an operator does to an installation: migrate, accounts, audit, health checks."""
