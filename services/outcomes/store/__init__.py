"""Every query of the outcomes schema, above its typed function."""
