"""The launcher: what it installs, what it says when it may not, and that it runs from anywhere."""

import json
import subprocess
from pathlib import Path

import pytest
from small_tree import ROOT, SmallTree

# dpkg-query as it answers when python3 is installed and coreutils is not.
_COREUTILS_MISSING = 'echo "python3 installed"; echo "coreutils not-installed"; exit 1'
_NOT_ROOT = "echo 1000"


def test_overview_needs_no_package(small_tree: SmallTree) -> None:
    small_tree.fake("dpkg-query", "exit 1")
    done = small_tree.lab("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "bindings" / "tcpslab" / "usage.txt").read_text()


def test_no_command_is_a_wrong_request(small_tree: SmallTree) -> None:
    done = small_tree.lab()
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: lab COMMAND" in done.stderr


def test_unknown_command_names_the_commands_and_installs_nothing(small_tree: SmallTree, tmp_path: Path) -> None:
    small_tree.fake("dpkg-query", f"touch '{tmp_path}/asked'")
    done = small_tree.lab("conquer")
    assert done.returncode == 2
    assert 'no command "conquer"' in done.stderr
    for command in ("run", "decrypt", "bench", "test"):
        assert f"\n  {command} " in done.stderr
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("command", ["run", "decrypt", "bench", "test"])
def test_help_of_a_command_needs_python_alone_and_shows_an_example(small_tree: SmallTree, command: str) -> None:
    small_tree.fake("dpkg-query", _COREUTILS_MISSING)
    small_tree.fake("id", _NOT_ROOT)
    done = small_tree.lab(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
    assert f"lab {command}" in done.stdout


def test_missing_package_without_root_is_named_exactly(small_tree: SmallTree) -> None:
    small_tree.fake("dpkg-query", _COREUTILS_MISSING)
    small_tree.fake("id", _NOT_ROOT)
    small_tree.fake("sudo", "exit 1")
    done = small_tree.lab("run")
    assert (done.returncode, done.stdout) == (3, "")
    assert "need" in done.stderr
    assert "apt-get install --no-install-recommends coreutils\n" in done.stderr
    assert "python3" not in done.stderr


@pytest.mark.parametrize("as_root", [True, False])
def test_missing_package_is_installed(small_tree: SmallTree, tmp_path: Path, as_root: bool) -> None:
    small_tree.fake("dpkg-query", _COREUTILS_MISSING)
    small_tree.fake("id", "echo 0" if as_root else _NOT_ROOT)
    small_tree.fake("sudo", '[[ $1 == -n ]] && shift; "$@"' if not as_root else "exit 1")
    small_tree.fake("apt-get", f"echo \"$@\" >> '{tmp_path}/apt'")
    done = small_tree.lab("run")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "lab: installing 1 Debian packages: coreutils\n"
    update, install = (tmp_path / "apt").read_text().splitlines()
    assert "update" in update.split()
    assert install.endswith(" install --no-install-recommends coreutils")


def test_failed_installation_shows_why(small_tree: SmallTree) -> None:
    small_tree.fake("dpkg-query", _COREUTILS_MISSING)
    small_tree.fake("id", "echo 0")
    small_tree.fake("apt-get", "echo E: no space left; exit 100")
    done = small_tree.lab("run")
    assert done.returncode == 3
    assert "E: no space left" in done.stderr
    assert "lab-packages.log" in done.stderr


def test_system_without_dpkg_is_told_what_to_do(small_tree: SmallTree, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for tool in ("bash", "dirname", "readlink", "sed", "sort", "comm"):
        (bare / tool).symlink_to(f"/usr/bin/{tool}")
    done = subprocess.run(
        ["/bin/bash", small_tree.root / "lab", "run"], env={"PATH": str(bare)}, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert "does not install Debian packages" in done.stderr
    assert "coreutils python3" in done.stderr


def test_runs_from_another_folder_with_paths_of_that_folder(small_tree: SmallTree, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "my own.yaml").write_text("name: own/own\n")
    done = small_tree.lab("run", "my own.yaml", "--out", "my out", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert json.loads((elsewhere / "my out" / "results.json").read_text())["results"]
    assert json.loads((elsewhere / "my out" / "arguments.json").read_text())[0] == "my own.yaml"


def test_runs_through_a_symbolic_link(small_tree: SmallTree, tmp_path: Path) -> None:
    link = tmp_path / "linked-lab"
    link.symlink_to(small_tree.root / "lab")
    done = subprocess.run([link, "run"], cwd=tmp_path, env=small_tree.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_modules_in_the_current_folder_do_not_get_in_the_way(small_tree: SmallTree, tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise SystemExit('the wrong module')")
    assert small_tree.lab("run", cwd=tmp_path).returncode == 0


def test_second_call_configures_and_builds_nothing(small_tree: SmallTree) -> None:
    small_tree.lab("run")
    log = small_tree.root / "build" / "release" / "lab-build.log"
    assert "Configuring done" in log.read_text()
    done = small_tree.lab("run")
    assert (done.returncode, done.stderr) == (0, "")
    assert log.read_text() == "ninja: no work to do.\n"


def test_changed_presets_are_configured_again_once(small_tree: SmallTree) -> None:
    small_tree.lab("run")
    (small_tree.root / "CMakePresets.json").touch()
    log = small_tree.root / "build" / "release" / "lab-build.log"
    small_tree.lab("run")
    assert "Configuring done" in log.read_text()
    small_tree.lab("run")
    assert "Configuring done" not in log.read_text()


def test_a_tree_that_was_moved_is_configured_again(small_tree: SmallTree) -> None:
    small_tree.lab("run")
    moved = SmallTree(small_tree.root.rename(small_tree.root.with_name("moved")), small_tree.tools)
    done = moved.lab("run")
    assert done.returncode == 0, done.stderr


def test_calls_at_once_take_turns(small_tree: SmallTree, tmp_path: Path) -> None:
    def start(out: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            small_tree.command("run", "--out", str(tmp_path / out)),
            env=small_tree.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    for child in [start("one"), start("two"), start("three")]:
        output, _ = child.communicate()
        assert child.returncode == 0, output


def test_failed_build_shows_the_failed_command(small_tree: SmallTree) -> None:
    small_tree.lab("run")
    (small_tree.root / "sim").unlink()
    done = small_tree.lab("run")
    assert (done.returncode, done.stdout) == (3, "")
    assert "build release failed" in done.stderr
    assert "'sim'" in done.stderr or "/sim" in done.stderr
    assert "lab-build.log" in done.stderr
