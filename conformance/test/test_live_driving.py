"""The target `live` made to do things: by the commands of its file, and on a real kernel."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tcpslab.outcome import InfrastructureError, RequestError
from tcpslab.rig import Pair

from conformance import sanity
from conformance.live_target import LiveTarget
from conformance.services_on_rig import PORTS
from conformance.target import NotDriven, Setup
from conformance.target_file import TargetFile

from kernel_host import FAMILIES, HOST, Conversation, target_file

MakeTarget = Callable[..., LiveTarget]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_target_opens_a_connection(make_target: MakeTarget, family: str) -> None:
    target = make_target()
    target.start(Setup(family=family))
    peer = Conversation(target, family)
    target.connect(peer.address, peer.our_port, "echo")
    peer.accept()
    assert peer.receive().flags == "A"
    peer.send("PA", b"hello")
    assert peer.receive().flags == "A"
    assert bytes(peer.receive().payload) == b"hello"
    peer.send("FA")
    assert peer.receive_all("F") == b""


def test_the_target_greets_and_closes_first(make_target: MakeTarget) -> None:
    target = make_target()
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    target.connect(peer.address, peer.our_port, "greet")
    peer.accept()
    line = peer.receive_all("F")
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


def test_the_target_aborts_after_the_first_byte(make_target: MakeTarget) -> None:
    target = make_target()
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    peer.connect(target.serve("abort"))
    peer.send("PA", b"x")
    assert peer.receive_all("R") == b""


def test_an_application_that_waits_ends_with_the_test(make_target: MakeTarget, cable: Pair, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    target = make_target(connect=f"echo $$ > '{pid_file}'; exec {target_file(cable).connect}")
    target.start(Setup())
    target.connect(target.address(), 40000, "echo")  # nobody answers its SYN
    pid = int(pid_file.read_text())
    assert Path(f"/proc/{pid}").exists()
    target.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_what_a_target_file_does_not_say_is_not_driven(make_target: MakeTarget) -> None:
    target = make_target(host={"ipv4": HOST["ipv4"]}, connect=None, services={"echo": PORTS["echo"]})
    assert target.families == ("ipv4",)
    with pytest.raises(NotDriven, match="has no ipv6 address"):
        target.start(Setup(family="ipv6"))
    with pytest.raises(NotDriven, match="no command for enforce=1"):
        target.start(Setup(enforce=True))
    with pytest.raises(NotDriven, match="no command for tofu_enforce=0"):
        target.start(Setup(tofu_enforce=False))
    with pytest.raises(NotDriven, match="limits cannot be set: max_connections"):
        target.start(Setup(limits={"max_connections": 4}))
    with pytest.raises(NotDriven, match="no deviations"):
        target.start(Setup(deviations=("accept-bad-tag",)))
    target.start(Setup())
    with pytest.raises(NotDriven, match="no port for the service greet"):
        target.serve("greet")
    with pytest.raises(NotDriven, match="no 'connect' command"):
        target.connect(target.address(), 40000, "echo")


def test_a_command_that_opens_no_connection_is_shown(make_target: MakeTarget) -> None:
    target = make_target(connect="echo no route; exit 7  # {address} {port}")
    target.start(Setup())
    with pytest.raises(NotDriven, match=r"opened no connection: .* ended with exit code 7 and said:\nno route"):
        target.connect(target.address(), 40000, "echo")
    with pytest.raises(NotDriven, match="cannot run greet"):
        target.connect(target.address(), 40000, "greet")


def test_settings_are_made_when_they_differ_and_taken_back_at_the_end(make_target: MakeTarget, tmp_path: Path) -> None:
    log = tmp_path / "log"
    target = make_target(
        configure={name: f"echo {name}={{value}} >> '{log}'" for name in ("enforce", "tofu_enforce")}
    )
    target.start(Setup())
    target.start(Setup(enforce=True))
    target.start(Setup(enforce=True))
    target.start(Setup(enforce=True, tofu_enforce=False))
    target.close()
    assert log.read_text().split() == [
        *("enforce=0", "tofu_enforce=1"),
        *("enforce=1", "tofu_enforce=0"),
        *("enforce=0", "tofu_enforce=1"),
    ]


def test_a_setting_that_cannot_be_made_is_an_error_with_the_output(make_target: MakeTarget) -> None:
    target = make_target(configure={"enforce": "echo {value}: permission denied; exit 1"})
    with pytest.raises(InfrastructureError, match=r"setting enforce=0: .* exit code 1 and said:\n0: permission denied"):
        target.start(Setup())


def test_what_a_run_needs_is_asked_for(cable: Pair) -> None:
    with pytest.raises(RequestError, match="needs an address"):
        LiveTarget(TargetFile("x", "live", interface="near"))
    with pytest.raises(RequestError, match="needs an interface"):
        LiveTarget(TargetFile("x", "live", host=HOST))


@pytest.mark.parametrize("family", FAMILIES)
def test_sanity_of_a_healthy_host(make_target: MakeTarget, family: str) -> None:
    assert sanity.check(make_target(), family) is None
    assert sanity.check_services(make_target(), family) is None


def test_sanity_of_services_that_are_not_what_they_are_called(make_target: MakeTarget) -> None:
    swapped = {"echo": PORTS["echo"], "greet": PORTS["abort"], "abort": PORTS["greet"]}
    assert "no greeting" in str(sanity.check_services(make_target(services=swapped), "ipv4"))
    also_echo = {**PORTS, "abort": PORTS["echo"]}
    assert "does not reset" in str(sanity.check_services(make_target(services=also_echo), "ipv4"))


def test_sanity_says_what_is_wrong(make_target: MakeTarget, cable: Pair) -> None:
    def reason(**changes: object) -> str | None:
        return sanity.check(make_target(time_scale=0.5, **changes), "ipv4")

    assert reason(services={"echo": 9999}) == "10.9.0.2 port 9999 refuses connections: nothing listens there"
    assert "no echo service" in str(reason(services={"echo": PORTS["greet"]}))
    assert reason(services={"echo": PORTS["abort"]}) == f"10.9.0.2 port {PORTS['abort']} resets the connection"
    cable.far.ip("rule", "add", "prohibit", "to", "10.9.0.0/24", "iif", "lo")
    assert "does not answer a plain SYN: a packet filter, or TCP/S with enforce=1" in str(reason())
