"""Run the whole product on one machine: Postgres, NATS, the processes, and their supervision."""
