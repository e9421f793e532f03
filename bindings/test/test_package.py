"""The package outside its source tree, and the types that it declares."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import tcpslab._core
import tcpslab._sim
from small_tree import ROOT

_MODULES = (tcpslab._core, tcpslab._sim)


def test_installed_package_needs_no_tree(tmp_path: Path) -> None:
    build = Path(tcpslab._core.__file__).parents[2]
    install = ["cmake", "--install", build, "--prefix", tmp_path, "--component", "python"]
    subprocess.run(install, check=True, capture_output=True)
    (package,) = tmp_path.glob("lib/python3*/dist-packages")
    program = (
        "import tcpslab.crypto, tcpslab.scapy, tcpslab.sim, tcpslab.stack, tcpslab.wire, tcpslab._core;"
        "print(tcpslab._core.__file__)"
    )
    env = {name: value for name, value in os.environ.items() if name != "TCPSLAB_BUILD_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=env | {"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == package / "tcpslab"


def _declared(body: list[ast.stmt]) -> set[str]:
    names = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    attributes = [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return names | {target.id for target in attributes if isinstance(target, ast.Name)}


def _public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


@pytest.mark.parametrize("module", _MODULES)
def test_stub_declares_exactly_what_the_module_has(module: ModuleType) -> None:
    name = module.__name__.rpartition(".")[2]
    stub = ast.parse((ROOT / "bindings" / "tcpslab" / f"{name}.pyi").read_text())
    assert _declared(stub.body) == _public(module)
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            members = {name for name in _declared(node.body) if not name.startswith("_")}
            assert members == _public(getattr(module, node.name)), node.name


@pytest.mark.parametrize("module", _MODULES)
def test_every_name_is_documented(module: ModuleType) -> None:
    for name in _public(module):
        thing = getattr(module, name)
        assert thing.__doc__, name
        for member in _public(thing) if isinstance(thing, type) else ():
            assert getattr(thing, member).__doc__, f"{name}.{member}"
