"""The five services. Each owns its Postgres schema, and no service imports another."""
