"""What is built or found before a run: assets, generated documents, permissions, programs."""
