"""TCP/S hosts of the reference stack, driven packet by packet under the caller's clock.

>>> from tcpslab.wire import Flag, Packet
>>> host = Endpoint(Config("readme", policy=Policy(enforce=True)), seed=7)
>>> syn = Packet(("10.0.0.1", 40001), ("10.0.0.2", 80), sequence=999, flags=Flag.SYN, window=65535)
>>> sent = host.outbound(syn.emit(), now=0)
>>> sent.verdict, host.state_of(("10.0.0.1", 40001), ("10.0.0.2", 80))
('pass', 'SYN_SENT')

Times are nanoseconds on a clock that starts where the caller likes and never goes backwards. Nothing happens between
calls: when next_deadline has come, call expire. Pair joins two hosts and keeps their clock.
"""

from tcpslab._core import Config, Endpoint, Event, Pair, Passage, Policy, StateChange, all_deviations

__all__ = ["SECOND", "Config", "Endpoint", "Event", "Pair", "Passage", "Policy", "StateChange", "all_deviations"]

SECOND = 1_000_000_000
