"""The requests and events of referrals: the records of every register."""
