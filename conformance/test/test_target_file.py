"""Target files: what they may say, and how they are refused."""

import ipaddress
from pathlib import Path

import pytest

from tcpslab.outcome import Exit, RequestError

from conformance import target_file
from conformance.target_file import KnownDeviation, TargetFile
from conformance.yaml_file import FileError

TARGETS = target_file.SCHEMA.parent

FULL = """\
name: kernel module in a VM
target: live
host: {ipv4: 10.0.0.2, ipv6: fd00::2}
interface: tap0
services: {echo: 7, greet: 13, abort: 9}
addresses: {ipv4: 10.0.0.64/26, ipv6: "fd00::1:0/112"}
connect: ssh root@{host} sh connect.sh {address} {port} {service} ${HOME} '{ print }'
configure: {enforce: "set enforce {value}", tofu_enforce: "set tofu_enforce {value}"}
restart: ssh root@{host} reload
dialect: lkm
time_scale: 3
known_deviations:
  - requirement: TCPS-TM-01
    seen: "no TM on (a )?FIN"
    reason: known to its authors
    tests: "*fin*"
"""


def load(folder: Path, text: str) -> TargetFile:
    path = folder / "target.yaml"
    path.write_text(text)
    return target_file.load(path)


def test_every_key_is_read(tmp_path: Path) -> None:
    target = load(tmp_path, FULL)
    assert (target.name, target.target, target.interface) == ("kernel module in a VM", "live", "tap0")
    assert target.host == {"ipv4": "10.0.0.2", "ipv6": "fd00::2"}
    assert target.services == {"echo": 7, "greet": 13, "abort": 9}
    assert target.addresses == {
        "ipv4": ipaddress.ip_network("10.0.0.64/26"),
        "ipv6": ipaddress.ip_network("fd00::1:0/112"),
    }
    assert target.configure == {"enforce": "set enforce {value}", "tofu_enforce": "set tofu_enforce {value}"}
    assert (target.restart, target.dialect, target.time_scale) == ("ssh root@{host} reload", "lkm", 3)
    (known,) = target.known_deviations
    assert (known.requirement, known.reason, known.tests) == ("TCPS-TM-01", "known to its authors", "*fin*")


def test_a_command_gets_its_words_and_keeps_the_braces_of_the_shell(tmp_path: Path) -> None:
    command = load(tmp_path, FULL).connect
    assert command is not None
    filled = target_file.fill_in(command, host="10.0.0.2", address="10.0.0.64", port=4000, service="echo")
    assert filled == "ssh root@10.0.0.2 sh connect.sh 10.0.0.64 4000 echo ${HOME} '{ print }'"


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_files_that_we_ship_are_good(path: Path) -> None:
    assert target_file.load(path).name


def test_the_simulated_target_has_no_known_deviations() -> None:
    simulated = target_file.load(TARGETS / "sim.yaml")
    assert simulated.target == "sim"
    assert simulated.known_deviations == ()


def _with(line: str, instead: str) -> str:
    assert FULL.count(line) == 1
    return FULL.replace(line, instead)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "nothing in it"),
        ("name: ]\nkind: sim\n", 1, "node content"),
        ("- name: x\n", 1, "is not of type 'object'"),
        ("name: x\n", 1, "'target' is a required property"),
        (FULL + "colour: red\n", 17, "unknown key 'colour'; known are name, target, host"),
        (FULL + "name: again\n", 17, "'name' stands here a second time"),
        (_with("target: live", "target: moon"), 2, "target: 'moon' is not one of ['sim', 'live', 'netns', 'vm']"),
        (_with("ipv4: 10.0.0.2,", "ipv5: 10.0.0.2,"), 3, "host: unknown key 'ipv5'; known are ipv4, ipv6"),
        (_with("target: live", "target: netns"), 3, "host: the run makes a target netns itself: it has none"),
        (_with("ipv4: 10.0.0.2,", "ipv4: 10.0.0.256,"), 3, "host.ipv4: '10.0.0.256' does not appear to be"),
        (_with("ipv4: 10.0.0.2,", "ipv4: fd00::3,"), 3, "host.ipv4: fd00::3 is not ipv4"),
        (_with("echo: 7", "echo: 70000"), 5, "services.echo: expected a TCP port, not 70000"),
        (_with("echo: 7", "echo: seven"), 5, "services.echo: expected a TCP port, not 'seven'"),
        (_with("echo: 7", "chargen: 19"), 5, "services: unknown key 'chargen'; known are echo, greet, abort"),
        (_with("10.0.0.64/26", "10.0.0.65/26"), 6, "addresses.ipv4: 10.0.0.65/26 has host bits set"),
        (_with("{port}", "4000"), 7, "connect: {port} is missing"),
        (_with("{port}", "{prot}"), 7, "connect: knows no {prot}; known are {address}, {host}, {port}, {service}"),
        (_with("set enforce {value}", "set enforce"), 8, "configure.enforce: {value} is missing"),
        (_with("reload", "reload {port}"), 9, "restart: knows no {port}; known are {host}"),
        (_with("time_scale: 3", "time_scale: 0"), 11, "time_scale: expected a number above 0, not 0"),
        (_with("TCPS-TM-01", "TM-01"), 13, "requirement: expected the id of a requirement"),
        (_with("(a )?", "(a ?"), 14, "seen: expected a regular expression"),
        (_with("    reason: known to its authors\n", ""), 13, "'reason' is a required property"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(FileError) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'target.yaml'}:{line}: ")
    assert words in str(refused.value)
    assert refused.value.exit_code == Exit.BAD_REQUEST


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"target\.yaml: No such file"):
        target_file.load(tmp_path / "target.yaml")


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    target = load(tmp_path, FULL)
    assert target.overridden() == target
    other = target.overridden(hosts=["fd00::9"], ports=[7000], interface="br0", time_scale=1.5)
    assert other.host == {"ipv6": "fd00::9"}
    assert other.services == {"echo": 7000, "greet": 13, "abort": 9}
    assert (other.interface, other.time_scale) == ("br0", 1.5)
    with pytest.raises(RequestError, match="--host example: expected an IPv4 or IPv6 address"):
        target.overridden(hosts=["example"])


def test_a_known_deviation_is_of_one_requirement_one_sight_and_its_tests(tmp_path: Path) -> None:
    known: KnownDeviation = load(tmp_path, FULL).known_deviations[0]
    seen = "expected a TM; there was no TM on a FIN"
    assert known.matches(["TCPS-FIN-01", "TCPS-TM-01"], "test_fin_of_the_server", seen)
    assert not known.matches(["TCPS-FIN-01"], "test_fin_of_the_server", seen)
    assert not known.matches(["TCPS-TM-01"], "test_data", seen)
    assert not known.matches(["TCPS-TM-01"], "test_fin_of_the_server", "no TM on data")
