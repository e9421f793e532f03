"""The HTML page of `lab conform`: what is in it, and that it fits a browser's window."""

import base64
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance import report_html
from conformance.ladder import climb
from conformance.outcome import Outcome, Status

from made_up import ALL, CATALOGUE, DEVIATES, FAILED, FOUND, KNOWN, MADE_UP, NOT_DRIVEN, TRACE, outcome, report

LADDER = tuple(climb(TRACE, FOUND.candidates))
SHOWN = replace(FAILED, ladder=LADDER)
PASSED_LONG = outcome(f"test_{'very_' * 20}long", Status.PASS)


class Page(HTMLParser):
    """What a page refers to, the names it can be referred to by, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.names: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.append(value)
            elif name == "id" and value:
                self.names.append(value)

    def handle_data(self, data: str) -> None:
        self.words = f"{self.words} {' '.join(data.split())}"


def left(folder: Path, *outcomes: Outcome) -> None:
    """Puts in place what the tests of a run leave."""
    for each in outcomes:
        for path in each.artefacts.values():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(f"content of {path}".encode())


def rendered(folder: Path, *outcomes: Outcome, **fields: object) -> str:
    return report_html.render(report(*outcomes, **fields), folder, folder)


def test_every_link_leads_somewhere_and_nothing_is_loaded(tmp_path: Path) -> None:
    left(tmp_path, FAILED)
    page = Page(text := rendered(tmp_path, vanished=[KNOWN], notes=["A note."]))
    assert len(page.names) == len(set(page.names))
    for target in page.targets:
        assert target.startswith("data:") or (target.startswith("#") and target[1:] in page.names), target
    assert not page.tags & {"script", "link", "img", "iframe", "object", "base"}
    assert "@import" not in text and "url(" not in text


def test_a_failure_is_told_in_full(tmp_path: Path) -> None:
    text = rendered(tmp_path, SHOWN)
    article = text[text.index(f'<article id="{report_html.anchor(SHOWN)}"') : text.index("</article>")]
    words = Page(article).words
    rule = CATALOGUE[MADE_UP]
    for part in (rule.id, rule.statement, rule.source, FAILED.summary, FAILED.replay, *FAILED.places):
        assert part in words
    assert "Falsifying example: test_fail(steps=[1])" in words
    assert "0.125000 <S> seq 1000 ack 9 [MSS, TC]" in words  # sent last
    assert re.search(r"expected SA 1 absent", words)
    assert re.search(r"<RA> seq 5 ack 9 ≠ RA ≠ 9 none", words)
    assert article.count('<td class="differs">') == 4


def test_the_packets_of_the_test_are_a_ladder(tmp_path: Path) -> None:
    text = rendered(tmp_path, SHOWN)
    row = r'<li class="([cs][^"]*)"><time>([\d.]+)</time><b>([^<]+)</b><span title="([^"]*)">(\w+ seq \d+)'
    assert re.findall(row, text) == [
        ("c", "0.000000", "peer →", "S seq 1000", "S seq 0"),
        ("s accused", "0.125000", "← target", "RA seq 5 ack 9", "RA seq 5"),
    ]


def test_known_deviations_and_inconclusive_tests_have_their_reasons(tmp_path: Path) -> None:
    words = Page(rendered(tmp_path, vanished=[KNOWN], notes=["A note."])).words
    assert f"known, because: {DEVIATES.reason}" in words
    assert NOT_DRIVEN.summary in words and "A note." in words
    assert "“no TM” was not seen in *fin*" in words


def test_a_requirement_shows_how_its_tests_ended(tmp_path: Path) -> None:
    found = replace(FOUND, requirements=("TCPS-TM-02",))
    elsewhere = outcome("test_else", Status.FAIL, "TCPS-TM-02", "TCPS-FIN-02", violation=found)
    text = rendered(tmp_path, *ALL, elsewhere)
    rows = {name: row for name, row in re.findall(r'<tr id="rule-([\w-]+)" class="([^"]*)"', text)}
    assert rows[MADE_UP] == "fail inconclusive not-applicable"
    assert (rows["TCPS-TM-02"], rows["TCPS-FIN-02"]) == ("fail", "cut-short")
    assert rows["TCPS-FIN-01"] == "known-deviation" and rows["TCPS-KEY-01"] == "untested"


def test_requirements_of_the_other_dialect_are_left_out(tmp_path: Path) -> None:
    only_module = next(rule.id for rule in CATALOGUE if rule.dialects == ("lkm",))
    assert f"rule-{only_module}" not in rendered(tmp_path)
    assert f"rule-{only_module}" in rendered(tmp_path, dialect="lkm")


def test_every_area_has_a_title() -> None:
    assert {rule.area for rule in CATALOGUE} <= report_html.AREAS.keys()


def test_small_files_are_in_the_page_and_large_ones_beside_it(tmp_path: Path) -> None:
    left(tmp_path, FAILED)
    (tmp_path / FAILED.artefacts["capture"]).write_bytes(bytes(100_000))
    page = Page(rendered(tmp_path, FAILED))
    capture, keylog = (target for target in page.targets if not target.startswith("#"))
    assert capture == FAILED.artefacts["capture"]
    assert base64.b64decode(keylog.partition(",")[2]) == f"content of {FAILED.artefacts['keylog']}".encode()


def test_a_page_elsewhere_leads_to_the_files_too(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "pages"
    elsewhere.mkdir()
    left(out, FAILED)
    (out / FAILED.artefacts["capture"]).write_bytes(bytes(100_000))
    report_html.write(elsewhere / "page.html", report(FAILED), folder=out)
    links = Page((elsewhere / "page.html").read_text(encoding="utf-8")).targets
    assert f"../out/{FAILED.artefacts['capture']}" in links


def test_what_tests_say_is_no_markup(tmp_path: Path) -> None:
    text = rendered(tmp_path, replace(FAILED, summary="<script>alert(1)</script>", reason="<b>"))
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_a_page_of_many_failures_leaves_their_packets_to_the_captures(tmp_path: Path) -> None:
    many = [replace(SHOWN, test=f"test_made_up.py::test_many[{n}]", ladder=LADDER * 500) for n in range(20)]
    text = rendered(tmp_path, *many)
    assert text.count("<article") == 20
    assert text.count("On the wire:") == 8 and text.count("the packets are in the capture") == 12
    assert len(text) < 4_000_000


_MEASURE = """<script>onload = () => parent.postMessage(
[innerWidth, document.documentElement.scrollWidth, [...document.querySelectorAll("article")]
.filter((a) => a.offsetHeight).length].join(" "), "*")</script>"""
_FRAME = """<!DOCTYPE html><pre id="measured"></pre>
<script>onmessage = (m) => document.getElementById("measured").textContent = m.data</script>
<iframe style="border:0" width="{width}" height="2000" src="page.html{fragment}"></iframe>"""


@pytest.mark.parametrize("fragment", ["", f"#{report_html.anchor(SHOWN)}"], ids=["results", "failure"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_window(tmp_path: Path, width: int, fragment: str) -> None:
    left(tmp_path, FAILED)
    text = rendered(tmp_path, PASSED_LONG, SHOWN, *ALL[2:], vanished=[KNOWN])
    (tmp_path / "page.html").write_text(text.replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
    (tmp_path / "frame.html").write_text(_FRAME.format(width=width, fragment=fragment))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "frame.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    measured = re.search(r'<pre id="measured">(\d+) (\d+) (\d+)</pre>', done.stdout)
    assert measured and [int(number) for number in measured.groups()] == [width, width, 1 if fragment else 0]
