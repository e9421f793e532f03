"""Two hosts that both speak TCP/S as the kernel module does, and protect connections of unmodified programs.

Each connects to the other, for the first time and again, and on every connection bulk data goes both ways. What has to
come of it is in tcps-wire.md, section 6: a server learns its client's key by the first TI and shows none itself, so
that a client can prove itself only once there was a connection the other way round. Without one its second visit is a
mismatch.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from conformance.interop_hosts import Host
from conformance.seen import Seen

_PORT = 8080
_PATIENCE = 100  # seconds for a transfer: an emulated processor is slow
_MISMATCH_PATIENCE = 3  # for one that gets stuck: the third ACK of the handshake is the mismatch
_SETUP_LIMIT = 20.0
_WINDOW = 16  # bytes in a row that tell a plaintext from chance
_ENCRYPTED = r"tcps: encrypted session "
_AUTHENTICATED = r"tcps: session authenticated .*\(TOFU\+auth_tag\)"
_MISMATCH = r"tcps: MITM detected! auth_tag mismatch for peer "

Packets = Callable[[], Sequence[bytes]]  # all IP packets that were on the wire so far


@dataclass(frozen=True)
class Check:
    what: str
    wrong: str = ""  # why it is not as the documents say

    def __str__(self) -> str:
        return f"FAIL  {self.what}: {self.wrong}" if self.wrong else f"pass  {self.what}"


class Interop:
    """`content` is what every transfer moves: the file of that name in the hosts' folders."""

    def __init__(self, ours: Host, theirs: Host, packets: Packets, content: bytes) -> None:
        self._hosts = (ours, theirs)
        self._packets = packets
        self._content = content

    def play(self) -> Iterator[Check]:
        """All visits, one check after the other. Raises InfrastructureError if a host fails in what is not TCP/S."""
        ours, theirs = self._hosts
        self._serve()
        yield self._visit(ours, theirs, "first visit")
        yield self._visit(theirs, ours, "first visit the other way round")
        yield self._visit(ours, theirs, "second visit, both have proved themselves")
        yield self._visit(theirs, ours, "second visit, both have proved themselves")
        for client, server in ((ours, theirs), (theirs, ours)):
            self._restart()
            yield self._visit(client, server, "first visit after both were restarted")
            yield self._mismatch(client, server)

    def _serve(self) -> None:
        """A server takes what its client sends, to the end of it, and answers with the content."""
        for host in self._hosts:
            answer = f"cat >{host.folder}/came; cat {host.folder}/content"
            host.start(f"exec busybox nc -ll -p {_PORT} -e busybox sh -c '{answer}'")

    def _restart(self) -> None:
        for host in self._hosts:
            host.restart()

    def _visit(self, client: Host, server: Host, what: str) -> Check:
        """One connection, which has to be protected, intact in both directions, and authenticated by the server."""
        title = f"{client.name} connects to {server.name}, {what}"
        known_packets, known_lines = len(self._packets()), len(server.log())
        self._transfer(client, server, f"{client.folder}/content", _PATIENCE)
        wrong = self._damage(client, server) or self._unprotected(self._packets()[known_packets:])
        said = server.log()[known_lines:]
        for pattern in (_ENCRYPTED, _AUTHENTICATED):
            if not wrong and not _find(pattern, said):
                wrong = f"{server.name} did not log '{pattern}'; it said: {' / '.join(said) or 'nothing'}"
        return Check(title, wrong)

    def _mismatch(self, client: Host, server: Host) -> Check:
        title = f"{client.name} connects to {server.name} again without having proved itself: a mismatch"
        known_lines = len(server.log())
        self._transfer(client, server, "/dev/null", _MISMATCH_PATIENCE)
        said = server.log()[known_lines:]
        wrong = "" if _find(_MISMATCH, said) else f"{server.name} said: {' / '.join(said) or 'nothing'}"
        return Check(title, wrong)

    def _transfer(self, client: Host, server: Host, file: str, patience: int) -> None:
        client.run(f"rm -f {client.folder}/came", _SETUP_LIMIT)
        server.run(f"rm -f {server.folder}/came", _SETUP_LIMIT)
        command = f"timeout {patience} busybox nc {server.address} {_PORT} <{file} >{client.folder}/came"
        client.run(f"{command} || true", patience + _SETUP_LIMIT)

    def _damage(self, client: Host, server: Host) -> str:
        """What arrived otherwise than it was sent."""
        for sender, receiver in ((client, server), (server, client)):
            size = receiver.run(f"wc -c <{receiver.folder}/came || echo none", _SETUP_LIMIT)
            compare = f"cmp -s {receiver.folder}/content {receiver.folder}/came && echo equal || echo different"
            if receiver.run(compare, _SETUP_LIMIT) != "equal":
                sent = len(self._content)
                return f"of {sent} bytes from {sender.name} {size} arrived at {receiver.name}, or others than were sent"
        return ""

    def _unprotected(self, packets: Sequence[bytes]) -> str:
        """What was on the wire that TCP/S does not allow there."""
        segments = [seen for seen in (Seen(packet, 0.0) for packet in packets) if seen.is_whole]
        segments = [seen for seen in segments if _PORT in (seen.tcp.sport, seen.tcp.dport)]
        if not any(seen.payload for seen in segments):
            return "no data was seen on the wire"
        for seen in segments:
            middle = seen.payload[len(seen.payload) // 2 :][:_WINDOW]
            if len(middle) == _WINDOW and middle in self._content:
                return f"plaintext on the wire: {seen}"
            if "S" in seen.tcp.flags and seen.tc is None:
                return f"no TC: {seen}"
            if (seen.payload or "F" in seen.tcp.flags) and seen.tm is None:
                return f"no TM: {seen}"
        return ""


def _find(pattern: str, lines: Sequence[str]) -> bool:
    return any(re.search(pattern, line) for line in lines)
