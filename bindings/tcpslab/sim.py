"""SimNode: a host with ns-3's TCP and TCP/S in virtual time, whose network card is the caller.

>>> from tcpslab.stack import SECOND, Config
>>> with SimNode(Config("readme"), seed=7) as node:
...     connection = node.connect("10.0.0.1", 80)
...     ((time, syn),) = node.take()
...     node.connection_state(connection)
'connecting'

Times are nanoseconds. Nothing happens between calls, and time passes in advance and run_until alone. ns-3 has one
simulator: a second SimNode in the same process is a RuntimeError until the first one has stopped. Methods may be called
from any thread, one at a time.
"""

from tcpslab._sim import SimNode

__all__ = ["SimNode"]
