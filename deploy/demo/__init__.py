"""The demo: made-up people, their accounts, and a mail server that forwards nothing."""
