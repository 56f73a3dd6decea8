"""The request handlers of identity: one method per message, which checks, decides, stores and publishes."""
