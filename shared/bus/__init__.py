"""
The bus: ask a service, answer for a service, follow events, tell everybody.

A thin layer over nats-py, and the only room that may import it. It holds what its contract tests say: handlers of
one subject run at once under a bound, an error travels as a bare code and never as text, deadlines travel along,
stopping answers all work in hand, and the NATS service protocol is spoken.
"""
