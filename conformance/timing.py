"""How long the suite waits for a target, in seconds that its time scale stretches."""

REACTION = 1.0  # within which a reaction comes; above TCP's delayed ACK
SILENCE = 0.5  # without a packet: there is no reaction
QUIET = 0.25  # without a packet: what there was to say has been said; above TCP's delayed ACK
REPETITION = 4.0  # within which a SYN or SYN-ACK without an answer comes again: after 1 s (RFC 6298) or 3 s
