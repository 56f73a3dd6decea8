"""Referrals over its own schema on a real Postgres, entered as the service's own role."""
