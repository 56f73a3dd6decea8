"""Charts as SVG, each with its table."""
