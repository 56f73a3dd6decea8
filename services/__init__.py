"""The five services; none imports another, each owns its Postgres schema."""
