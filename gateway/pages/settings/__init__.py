"""What administrators reword of a register: its lists, its guidance, its home page; and what they have reworded."""
