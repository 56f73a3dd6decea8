"""Rules of the referrals service: who may do what, what may be stored, how lists are read, what a change means."""
