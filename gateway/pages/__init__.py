"""One file for each subject: what the page reads, which service it asks, what it shows."""
