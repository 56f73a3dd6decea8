"""The list of mails and their delivery."""
