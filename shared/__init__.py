"""What all processes share: messages, the bus, register definitions, and technical code without rules of care."""
