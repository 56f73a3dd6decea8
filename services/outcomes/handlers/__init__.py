"""The request handlers of outcomes: one method per message, which checks, decides, stores and publishes."""
