"""The project's tests, one folder for each kind, and the builders that they share."""
