"""
The bus: ask a service, answer for a service, follow events, broadcast.

A thin layer over nats-py, and the only package that may import it. Its contract tests say what it guarantees. Handlers
of one subject run concurrently up to a limit. An error is sent as a code alone, never as text. Deadlines are sent
with requests. Stopping answers all accepted requests. It speaks the NATS service protocol.
"""
