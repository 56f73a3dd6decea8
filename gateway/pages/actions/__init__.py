"""The pages of actions: who agreed to do what about a record, by when, and the follow-up."""
