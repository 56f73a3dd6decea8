"""Account pages: registering, the two steps of a log-in, changing a password, logging out."""
