"""The list of mails and what became of each."""
