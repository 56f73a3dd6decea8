"""The pages on which administrators set lists, guidance, the home page and review intervals of a register."""
