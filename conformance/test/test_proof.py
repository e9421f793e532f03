"""The deliberate faults and the requirements that they break; and what is said of one that a test catches, or none."""

import multiprocessing
from pathlib import Path

import pytest

from tcpslab import stack
from tcpslab.outcome import RequestError

from conformance import proof, runner
from conformance.catalogue import Catalogue
from conformance.options import Options
from conformance.proof import Caught, Deviation

CATALOGUE = Catalogue.of("tcps")
LISTED = proof.deviations("tcps")

# What a test sees on the wire, and no fault of the protocol itself can bring about in the simulated node.
BEYOND_A_FAULT = {
    "TCPS-TC-11": "lengths and checksums are made by the host below, of whatever the protocol hands over",
    "TCPS-TI-03": "TI takes all 40 bytes of options: nothing fits beside it",
    "TCPS-SYN-02": "the node's own TCP takes no payload from a SYN",
    "TCPS-LOOP-05": "the host below hands over nothing but TCP",
}

SUITE = """\
from conformance.marks import family, requirement, role
from conformance.peer import Peer

@requirement("TCPS-TM-02")
@family("ipv4")
def test_tm(peer: Peer) -> None:
    peer.open()
    peer.echo()

@requirement("TCPS-MSS-01")
@family("ipv4")
@role("server")
def test_mss(peer: Peer) -> None:
    peer.open()
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_small.py").write_text(SUITE)
    monkeypatch.setattr(runner, "SUITE", folder)


def _prove(deviation: Deviation, directory: Path) -> Caught:
    with multiprocessing.get_context("fork").Pool(1) as pool:  # a pytest of its own, as `proof.main` has it
        return pool.apply(proof.prove, (deviation, Options(), directory))


def test_file_and_stack_name_the_same() -> None:
    names = [deviation.name for deviation in LISTED]
    assert len(names) == len(set(names))
    assert set(names) == set(stack.all_deviations())


def test_a_name_that_only_one_of_them_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (proof.DEVIATIONS / "tcps.yaml").read_text(encoding="utf-8")
    (tmp_path / "tcps.yaml").write_text(text.replace("\nwrong-tag:", "\nwrong-tags:"), encoding="utf-8")
    monkeypatch.setattr(proof, "DEVIATIONS", tmp_path)
    with pytest.raises(RequestError, match="differ in wrong-tag, wrong-tags$"):
        proof.deviations("tcps")


@pytest.mark.parametrize("deviation", LISTED, ids=lambda deviation: deviation.name)
def test_what_a_deviation_breaks_shows_in_its_dialect(deviation: Deviation) -> None:
    assert deviation.breaks
    for requirement_id in deviation.breaks:
        assert requirement_id in CATALOGUE
        requirement = CATALOGUE[requirement_id]
        assert deviation.dialect in requirement.dialects
        assert requirement.observable == "wire"


def test_every_must_is_broken_by_a_deviation() -> None:
    broken = {broken for deviation in LISTED if deviation.dialect == "readme" for broken in deviation.breaks}
    musts = {
        requirement.id
        for requirement in CATALOGUE
        if requirement.level == "MUST" and requirement.observable == "wire" and "readme" in requirement.dialects
    }
    assert musts - broken == BEYOND_A_FAULT.keys()


def test_a_fault_that_is_caught(suite: None, tmp_path: Path) -> None:
    caught = _prove(Deviation("pad-tm", ("TCPS-TM-02",), "readme"), tmp_path)
    assert caught.tests == ("test_small.py::test_tm[client-ipv4]", "test_small.py::test_tm[server-ipv4]")
    assert caught.ran == 2


def test_a_fault_that_no_test_of_its_requirements_catches(suite: None, tmp_path: Path) -> None:
    """An echo shows nothing of a set of blocked flows without limit."""
    caught = _prove(Deviation("no-blocked-limit", ("TCPS-TM-02",), "readme"), tmp_path)
    assert (caught.tests, caught.ran) == ((), 2)


def test_only_tests_of_its_requirements_run(suite: None, tmp_path: Path) -> None:
    """Tests of other requirements do not run."""
    caught = _prove(Deviation("pad-tm", ("TCPS-MSS-01",), "readme"), tmp_path)
    assert (caught.tests, caught.ran) == ((), 1)
