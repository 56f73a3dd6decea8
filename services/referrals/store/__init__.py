"""Every query of the referrals schema: the SQL as a constant, with its typed function below it."""
