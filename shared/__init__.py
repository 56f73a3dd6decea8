"""What all processes must agree on: messages, the bus, register definitions, plumbing with no opinion on care."""
