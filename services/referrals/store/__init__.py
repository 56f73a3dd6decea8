"""Every query of the referrals schema: the SQL as a constant, and its typed function under it."""
