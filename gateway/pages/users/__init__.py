"""Manage User: the users of a register, what each may do, and outside addresses that may register."""
