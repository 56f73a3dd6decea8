"""Every query of the outcomes schema: the SQL as a constant, with its typed function below it."""
