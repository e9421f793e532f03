"""The HTML page of `lab run`: what is in it, and how it looks in a browser."""

import html
import json
import re
import shutil
import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from small_tree import record, run_lab

from tcpslab import page, story
from tcpslab.results import Record

_OUTCOMES = {"connection": "established", "protection": "encrypted", "delivery": "intact", "attack": "undetected"}


class _Links(HTMLParser):
    """What a page refers to, and the names it can be referred to by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.names: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.append(value)
            elif name == "id" and value:
                self.names.append(value)


def render(folder: Path, *records: dict[str, object], texts: dict[str, str] | None = None) -> str:
    document = {"provenance": {"commit": "c0ffee", "command": ["lab", "run"], "versions": {"ns-3": "3.37"}}}
    return page.render(document, [Record(entry) for entry in records], folder, texts or {})


def test_every_link_leads_somewhere_and_nothing_is_loaded(tmp_path: Path) -> None:
    text = render(tmp_path, record(), record(dialect="lkm"), record(protocol="plain", dialect=None))
    links = _Links(text)
    assert len(links.names) == len(set(links.names))
    for target in links.targets:
        assert target.startswith("#") and target[1:] in links.names, target
    assert not links.tags & {"script", "link", "img", "iframe", "object", "base"}
    assert "@import" not in text and "url(" not in text


def test_each_run_has_a_cell_with_its_outcome_and_a_story(tmp_path: Path) -> None:
    links = _Links(text := render(tmp_path, record(), record(dialect="lkm", observed=_OUTCOMES)))
    for anchor in ("transfer/first-visit/tcps-readme", "transfer/first-visit/tcps-lkm"):
        assert f"#{anchor}" in links.targets and anchor in links.names
    cells = re.findall(r'<td class="(\w+) ([\w-]+)" data-protocol="([\w/]+)">', text)
    assert cells == [("bad", "as-expected", "tcps/lkm"), ("fair", "as-expected", "tcps/readme")]


def test_a_difference_is_said_first(tmp_path: Path) -> None:
    differing = record(dialect="lkm", verdict="differs", expected={"protection": "authenticated"})
    text = render(tmp_path, record(), differing)
    assert "Not as expected" in text
    assert "protection: expected authenticated, observed encrypted" in text
    assert "Not as expected" not in render(tmp_path, record())


def test_a_run_that_failed_has_a_story_too(tmp_path: Path) -> None:
    text = render(tmp_path, record(verdict="error", observed={}, error="took <3 GiB>", metrics={}))
    assert "took &lt;3 GiB&gt;" in text


def test_scenario_file_and_provenance_are_there(tmp_path: Path) -> None:
    texts = {"transfer/first-visit": "name: transfer/first-visit\nsummary: Two <hosts>.\n"}
    text = render(tmp_path, record(), texts=texts)
    assert "Two &lt;hosts&gt;." in text
    for word in ("c0ffee", "lab run", "3.37"):
        assert word in text


def test_small_files_are_in_the_page_and_large_ones_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a run").mkdir()
    (tmp_path / "a run" / "link-1.pcap").write_bytes(bytes(1_000_000))
    (tmp_path / "a run" / "keys.log").write_bytes(b"secret\n")
    artefacts = {"pcap": "a run/link-1.pcap", "pcaps": ["a run/link-1.pcap"], "keylog": "a run/keys.log"}
    links = _Links(render(tmp_path, record(artefacts=artefacts)))
    assert "a%20run/link-1.pcap" in links.targets
    assert "data:text/plain;base64,c2VjcmV0Cg==" in links.targets


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a few real runs."""
    folder = tmp_path_factory.mktemp("report")
    done = run_lab(folder, "run", "transfer/first-visit", "transfer/lossy-path", "transfer/enforcing-client")
    assert done.returncode == 0, done.stderr
    assert "report: out/report.html" in done.stdout
    return folder / "out" / "report.html"


def test_segments_that_are_alike_are_told_together(tmp_path: Path) -> None:
    def segment(number: int, **changes: object) -> dict[str, object]:
        place = {"t": number / 100, "kind": "segment", "from": "server", "link": 1, "to": 1, "connection": 1}
        return {**place, "flags": "ACK", "seq": 1 + 100 * number, "ack": 1, "length": 100, "options": ["TM"], **changes}

    entries = [
        {"t": 0, "kind": "visit", "visit": 1, "host": "client"},
        *(segment(number) for number in range(5)),
        segment(5, note="retransmission"),
        {"t": 0.06, "kind": "event", "host": "client", "event": "tag-invalid", "detail": "", "connection": 1},
        *(segment(number) for number in (7, 8)),
        *({"t": 0.09, "kind": "event", "host": "server", "event": "table-full", "detail": ""} for _ in range(4)),
        {"kind": "gap", "left_out": 12},
    ]
    (tmp_path / "timeline.json").write_text(json.dumps({"entries": entries}))
    rows = story.tell(Record(record(artefacts={"timeline": "timeline.json"})), tmp_path).rows
    assert [(row.kind.split()[0], row.text) for row in rows] == [
        ("visit", "visit 1: the client connects"),
        ("s", "ACK seq 1 ack 1 100 bytes"),
        ("gap", "4 more like it, the last: ACK seq 401 ack 1 100 bytes"),
        ("s", "ACK seq 501 ack 1 100 bytes"),
        ("event", "tag-invalid"),
        ("s", "ACK seq 701 ack 1 100 bytes"),
        ("s", "ACK seq 801 ack 1 100 bytes"),
        ("event", "table-full"),
        ("gap", "3 more like it"),
        ("gap", "12 lines left out"),
    ]


def test_real_files_of_a_run_are_linked(report: Path) -> None:
    targets = _Links(report.read_text(encoding="utf-8")).targets
    assert any(target.startswith("data:") for target in targets)
    beside = [target for target in targets if not target.startswith(("#", "data:"))]
    assert all((report.parent / target).is_file() for target in beside)


# Run in a copy of the page, in a frame of the width wanted (a window is never narrower than 500 pixels): what an eye
# would tell.
_MEASURE = """<script>
addEventListener("load", () => {
  const shown = (element) => element.getClientRects().length > 0;
  const cells = [...document.querySelectorAll(".matrix td a")].filter(shown);
  parent.postMessage(JSON.stringify({
    width: innerWidth,
    scrolls: document.documentElement.scrollWidth,
    cells: cells.map((cell) => cell.innerText),
    colours: new Set(cells.map((cell) => getComputedStyle(cell.parentElement).backgroundColor)).size,
    lowest: Math.min(...cells.map((cell) => cell.getBoundingClientRect().height)),
    outside: [...document.querySelectorAll("body *")].filter(shown)
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 200)),
    stories: [...document.querySelectorAll("article")].filter(shown).map((story) => story.id),
    runs: [...document.querySelectorAll(".run")].filter(shown).length,
  }), "*");
});
</script>"""
_FRAME = """<!DOCTYPE html><pre id="measured"></pre>
<script>addEventListener("message", (m) => document.getElementById("measured").textContent = m.data);</script>
<iframe style="border:0" width="{width}" height="2400" src="{source}"></iframe>"""


def browse(file: Path, width: int, *options: str) -> str:
    """What headless Chromium says of a page."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={file.parent / 'profile'}", f"--window-size={width},2400", *options, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("fragment", ["", "#transfer/lossy-path", "#transfer/first-visit/tcps-lkm"])
@pytest.mark.parametrize("width", [360, 1280])
def test_page_in_a_browser(report: Path, tmp_path: Path, width: int, fragment: str) -> None:
    copy, frame = tmp_path / "copy.html", tmp_path / "frame.html"
    copy.write_text(report.read_text(encoding="utf-8").replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
    frame.write_text(_FRAME.format(width=width, source=f"copy.html{fragment}"))
    measured = re.search(r'<pre id="measured">(.+?)</pre>', browse(frame, 1400, "--dump-dom"), re.DOTALL)
    assert measured
    seen = json.loads(html.unescape(measured[1]))
    assert (seen["width"], seen["scrolls"], seen["outside"]) == (width, width, [])
    assert len(seen["cells"]) == 7  # three protocols, but an enforcing client has one
    assert seen["colours"] >= 3 and seen["lowest"] > 20
    # Stories show when they are asked for, without JavaScript's help.
    assert seen["stories"] == ([fragment[1:].removesuffix("/tcps-lkm")] if fragment else [])
    assert seen["runs"] == (3 if fragment else 0)


@pytest.mark.parametrize("width", [360, 1280])
def test_screenshot_is_of_that_width_and_not_blank(report: Path, tmp_path: Path, width: int) -> None:
    picture = tmp_path / "page.png"
    copy = tmp_path / "report.html"
    shutil.copy(report, copy)
    browse(copy, width, f"--screenshot={picture}")
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (width, 2400)
    assert len(data) > 40_000  # a blank page of that size takes less than 10 kB
