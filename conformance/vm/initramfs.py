"""The guest's file system: programs of Debian packages of this machine with their libraries, modules, and init.sh."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tcpslab import tree
from tcpslab.outcome import InfrastructureError

from conformance.vm import module_file, tool
from conformance.vm.kernel import Kernel
from conformance.vm.module_index import ModuleIndex

_INIT = Path(__file__).with_name("init.sh")
_DRIVERS = ("virtio_pci", "virtio_net", "virtio_console")
# What runs in the guest, by the Debian package that it comes from.
_PROGRAMS = {"busybox": "busybox-static", "ip": "iproute2"}
_FOLDERS = ("bin", "dev", "proc", "sys", "tmp", "modules")
MODULE = "/module.ko"  # the file under test


@dataclass(frozen=True)
class Contents:
    addresses: Sequence[str]  # of the guest's eth0, with the lengths of their prefixes
    ports: Sequence[int]  # of the services, in the order of `target.SERVICES`
    drivers: Sequence[str] = ()  # names of modules beside those of the machine itself
    module: bytes | None = None  # at MODULE, not loaded
    files: Mapping[str, bytes] = field(default_factory=dict)  # more of them, by their paths in the guest


def build(kernel: Kernel, contents: Contents, archive: Path) -> None:
    """Writes the archive (cpio, "newc"). Raises `LabError`."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name in _FOLDERS:
            (root / name).mkdir()
        shutil.copy(_INIT, root / "init")
        (root / "init").chmod(0o755)
        for name, package in _PROGRAMS.items():
            _add_program(root, _found(name, package))
        _add_program(root, services_program())
        loaded = _add_modules(root, ModuleIndex(kernel.modules).load_order([*_DRIVERS, *contents.drivers]))
        settings = {
            "modules": " ".join(loaded),
            "addresses": " ".join(contents.addresses),
            "ports": " ".join(map(str, contents.ports)),
        }
        (root / "settings").write_text("".join(f"{name}={shlex.quote(text)}\n" for name, text in settings.items()))
        more = contents.files | ({MODULE: contents.module} if contents.module is not None else {})
        for name, content in more.items():
            path = root / name.removeprefix("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        listed = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        words = ["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0", "--file", archive]
        tool.run(words, package="cpio", cwd=root, stdin=listed)


def services_program() -> Path:
    """`services.cc` as it was built."""
    path = tree.current_build_dir() / "conformance" / "tcpslab-services"
    if not path.is_file():
        raise InfrastructureError(f"{path} is not there: build the target tcpslab-services")
    return path


def _found(program: str, package: str) -> Path:
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise InfrastructureError(f"there is no program {program} (Debian package {package})")
    return Path(path)


def _add_program(root: Path, program: Path) -> None:
    """Into /bin, and the shared libraries that it needs to where it looks for them."""
    shutil.copy(program, root / "bin" / program.name)
    for library in _libraries(program):
        copied = root / library.relative_to("/")
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, copied)


def _libraries(program: Path) -> Iterable[Path]:
    """None of a program that is linked statically, which ldd does not like."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return [Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listed, re.MULTILINE)]


def _add_modules(root: Path, files: Iterable[Path]) -> list[str]:
    """Their names under /modules, decompressed."""
    names = []
    for file in files:
        names.append(file.name.partition(".")[0] + ".ko")
        (root / "modules" / names[-1]).write_bytes(module_file.contents(file))
    return names
