"""Manage User: who uses a register, what each may do, and who may register from outside."""
