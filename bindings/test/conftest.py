import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from small_tree import CMAKE, ROOT, SmallTree, record

# The same examples in every run, however busy the machine is.
settings.register_profile("tcpslab", derandomize=True, deadline=None)
settings.load_profile("tcpslab")


@pytest.fixture
def small_tree(tmp_path: Path) -> SmallTree:
    root, tools = tmp_path / "a tree", tmp_path / "tools"
    tools.mkdir()
    shutil.copytree(ROOT / "bindings" / "tcpslab", root / "bindings" / "tcpslab")
    for name in ("lab", "CMakePresets.json"):
        shutil.copy(ROOT / name, root / name)
    (root / "CMakeLists.txt").write_text(CMAKE)
    (root / "packages.txt").write_text("# Packages.\ncoreutils\npython3  # to run\n")
    family = root / "scenarios" / "transfer"
    family.mkdir(parents=True)
    (family / "first-visit.yaml").write_text("name: transfer/first-visit\n")
    tree = SmallTree(root, tools)
    tree.set_sim(results=[record()])
    return tree
