"""Hosts on one machine: network namespaces with cables between them, and programs in them. It takes root and iproute2.

    with Rig() as rig:
        pair = rig.pair()
        with Tcpsd(rig, pair.near), Tcpsd(rig, pair.far) as server:
            pair.far.start(["nginx", …])
            pair.near.run(["curl", f"http://{pair.far.address['ipv4']}/"])
            print(server.status()["connections"])

Whatever a rig makes ends with it: after an exception, after Ctrl-C, after SIGTERM or SIGHUP. What a run leaves that was
killed (SIGKILL) is found and removed when the next rig is made.
"""

from tcpslab.rig.namespace import Namespace
from tcpslab.rig.program import Program
from tcpslab.rig.rig import Network, Pair, Rig, Routed, need_root
from tcpslab.rig.tcpsd import Tcpsd

__all__ = ["Namespace", "Network", "Pair", "Program", "Rig", "Routed", "Tcpsd", "need_root"]
