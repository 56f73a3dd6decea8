"""The pages on which administrators reword a register: its lists, its guidance and its home page."""
