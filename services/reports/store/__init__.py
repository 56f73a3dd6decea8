"""Every query of the reports schema."""
