"""What may be asked of referrals, and what it tells: the records of every register."""
