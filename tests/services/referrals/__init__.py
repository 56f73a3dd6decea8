"""Tests of referrals over its own schema on a real Postgres, under the service's own role."""
