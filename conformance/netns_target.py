"""The target `netns`: `tcpsd` on a host that the run makes itself, and a real application on the kernel's TCP."""

import ipaddress
import shutil
from contextlib import ExitStack
from dataclasses import replace

from tcpslab.rig import Network, Pair, Rig, Tcpsd

from conformance import services_on_rig
from conformance.kernel_application import KernelApplication
from conformance.link import Link
from conformance.live_target import Application, LiveTarget
from conformance.target import Service, Setup
from conformance.target_file import TargetFile

_NETWORK = Network("10.9.0.0/16", "fd09::/64")  # with enough addresses for hosts that the target never met
# Of data, for both families: TCP gives up after 100 s, as RFC 1122 asks for at least. By default it takes a quarter hour.
_RETRIES = "8"


class DaemonEndedError(Exception):
    """`tcpsd` ended by itself, which no packet can make it do: the test fails. The text is what it said."""


class NetnsTarget(LiveTarget):
    """Two namespaces and a cable: ours, with nothing in it but the suite's packet socket, and that of the host.

    The daemon outlives a test, and is told what is to be different for the next one. A test that sets limits has one of
    its own: the connections of others count, too.
    """

    _connect_limit = 1.0  # the application is there already

    def __init__(self, file: TargetFile, *, seed: int = 1) -> None:
        hosts = {"ipv4": _NETWORK.host(2)[0], "ipv6": _NETWORK.host(2)[1]}
        super().__init__(
            replace(
                file,
                host={family: address.partition("/")[0] for family, address in hosts.items()},
                interface="near",
                services=services_on_rig.PORTS,
                addresses={"ipv4": ipaddress.ip_network(_NETWORK.ipv4), "ipv6": ipaddress.ip_network(_NETWORK.ipv6)},
            ),
            seed=seed,
            run=seed,
        )
        self._rig = ExitStack()
        self._hosts: Pair | None = None
        self._tcpsd: Tcpsd | None = None
        self._is: Setup | None = None  # what the daemon was last told to be
        self._known_secrets = 0  # lines of its key log that are of earlier tests

    def start(self, setup: Setup) -> None:
        super().start(setup)
        self._known_secrets = len(self._tcpsd.key_log()) if self._tcpsd else 0

    def stop(self) -> None:
        """Raises DaemonEndedError for the test in which the daemon ended; the next one has another."""
        super().stop()
        if (daemon := self._tcpsd) is not None and daemon.exit_code is not None:
            self._tcpsd = None
            raise DaemonEndedError(daemon.report())

    def close(self) -> None:
        self._tcpsd = None  # it ends with the rig
        try:
            super().close()
        finally:
            self._rig.close()

    def key_log(self) -> list[str]:
        return self._tcpsd.key_log()[self._known_secrets :] if self._tcpsd else []

    # How this target is driven

    def _prepare(self, setup: Setup) -> None:
        now = self._is
        if self._tcpsd is None or now is None or now.dialect != setup.dialect or now.limits or setup.limits:
            self._start_daemon(setup)
        elif (now.enforce, now.tofu_enforce) != (setup.enforce, setup.tofu_enforce):
            self._tcpsd.set(enforce=setup.enforce, tofu_enforce=setup.tofu_enforce)
        self._is = setup

    def _can_restart(self) -> bool:
        return self._is is not None

    def _restart(self) -> None:
        assert self._is is not None
        self._start_daemon(self._is)

    def _start_application(self, address: str, port: int, service: Service) -> Application:
        return KernelApplication(self._pair().far, address, port, service)

    # Within

    def _open(self) -> Link:
        if self._link is not None:
            return self._link
        with self._pair().near.entered():
            return super()._open()

    def _pair(self) -> Pair:
        """The hosts, with the services on the far one. Raises InfrastructureError."""
        if self._hosts is None:
            self._hosts = self._rig.enter_context(Rig()).pair(network=_NETWORK)
            self._hosts.far.set_sysctl("net/ipv4/tcp_retries2", _RETRIES)
            services_on_rig.serve(self._hosts.far)
        return self._hosts

    def _start_daemon(self, setup: Setup) -> None:
        """A daemon that never met anybody, in place of the one before."""
        if self._tcpsd is not None:
            self._tcpsd.stop()
            shutil.rmtree(self._tcpsd.run_dir)
        # Each of several workers has the whole of the limits: a test of limits wants them once.
        self._tcpsd = Tcpsd(
            self._pair().far,
            dialect=self._file.speaks or setup.dialect,
            enforce=setup.enforce,
            tofu_enforce=setup.tofu_enforce,
            workers=1 if setup.limits else 2,
        )
        if setup.limits:
            self._tcpsd.set(**setup.limits)
        self._renew_addresses()
