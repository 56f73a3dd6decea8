"""Every query of identity's schema: a constant with the SQL, and a typed function under it."""
