"""What is built or found before the product runs: assets, generated documents, permissions and programs."""
