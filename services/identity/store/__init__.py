"""The queries on identity's schema: each is an SQL constant with a typed function below it."""
