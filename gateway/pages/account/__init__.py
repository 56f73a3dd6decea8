"""The pages by which a person comes in: an account of their own, the two steps of a log-in, a password, the way out."""
