"""Which files a family, a scenario's name or a path means."""

from pathlib import Path

import pytest

from tcpslab.outcome import RequestError
from tcpslab.selection import select


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    root = tmp_path / "scenarios"
    for name in ("transfer/b", "transfer/a", "downgrade/strip", "campaigns/sweep", "test/bad"):
        file = root / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (root / "transfer" / "notes.md").write_text("")
    (root / "runner").mkdir()
    return root


def names(files: list[Path], root: Path) -> list[str]:
    return [file.relative_to(root).with_suffix("").as_posix() for file in files]


def test_nothing_means_every_family_in_order(scenarios: Path) -> None:
    assert names(select([], scenarios), scenarios) == ["downgrade/strip", "transfer/a", "transfer/b"]


def test_family_and_scenario_each_file_once(scenarios: Path) -> None:
    assert names(select(["transfer/b", "transfer"], scenarios), scenarios) == ["transfer/b", "transfer/a"]


def test_file_and_folder_outside(scenarios: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Path("mine")
    mine.mkdir()
    (mine / "x.yaml").write_text("")
    assert select(["mine/x.yaml"], scenarios) == [mine / "x.yaml"]
    assert select(["mine"], scenarios) == [mine / "x.yaml"]


def test_folder_without_scenarios(scenarios: Path) -> None:
    with pytest.raises(RequestError, match="no scenario file"):
        select([str(scenarios / "runner")], scenarios)


def test_misspelt_name_gets_a_suggestion(scenarios: Path) -> None:
    with pytest.raises(RequestError, match="did you mean downgrade/strip"):
        select(["downgrade/stirp"], scenarios)


def test_unknown_name_lists_the_families(scenarios: Path) -> None:
    with pytest.raises(RequestError, match="families are: downgrade, transfer"):
        select(["zzz"], scenarios)
