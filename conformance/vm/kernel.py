"""The kernel to boot: that of a Debian package, downloaded and unpacked in the build folder, never installed."""

import functools
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcpslab import tree
from tcpslab.outcome import InfrastructureError, RequestError

from conformance.vm import tool

CACHE = tree.ROOT / "build" / "vm"
_META_PACKAGE = "linux-image-amd64"  # depends on the newest kernel


@dataclass(frozen=True)
class Kernel:
    release: str  # as `uname -r` says
    image: Path
    modules: Path  # the folder /lib/modules/RELEASE


def find(chosen: str | None, built_for: str | None) -> Kernel:
    """The kernel that the user chose, else the one that the module was built for, else Debian's newest.

    `chosen` is a release, a Debian package's file, or a folder with boot/ and lib/modules/ (`/`: what is installed).
    Where Debian has no such kernel as the module was built for, it is Debian's newest, which will refuse the module.
    """
    if chosen is None:
        return _packaged(_release_in_debian(built_for) or _newest_release())
    path = Path(chosen)
    if path.is_dir():
        return _in_folder(path, built_for)
    if path.is_file():
        if path.suffix != ".deb":
            raise RequestError(f"--kernel {chosen}: is no Debian package")
        return _in_folder(_unpacked(path), None)
    if _release_in_debian(chosen) is None:
        raise RequestError(f"--kernel {chosen}: is no file, no folder, and apt knows no package linux-image-{chosen}")
    return _packaged(chosen)


def _release_in_debian(release: str | None) -> str | None:
    """`release`, if there is a package of it."""
    if release is None or not re.fullmatch(r"[\w.+-]+", release):
        return None
    if _cached(release) is not None:
        return release
    known = tool.run(["apt-cache", "pkgnames", f"linux-image-{release}"], package="apt").split()
    return release if f"linux-image-{release}" in known else None


@functools.cache
def _newest_release() -> str:
    about = tool.run(["apt-cache", "show", "--no-all-versions", _META_PACKAGE], package="apt")
    depends = re.search(r"^Depends:.*\blinux-image-(\d[\w.+-]*)", about, re.MULTILINE)
    if depends is None:
        raise InfrastructureError(f"apt knows no {_META_PACKAGE}: run 'apt-get update', or name a kernel by --kernel")
    return depends[1]


def _cached(release: str) -> Path | None:
    return max(CACHE.glob(f"linux-image-{release}_*/"), default=None)


def _packaged(release: str) -> Kernel:
    """The kernel of the package linux-image-RELEASE."""
    folder = _cached(release)
    if folder is None:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as download:
            folder = _unpacked(_download(f"linux-image-{release}", Path(download)))
    return _in_folder(folder, release)


def _download(package: str, folder: Path) -> Path:
    command = ["apt-get", "-q", "download", package]
    try:
        tool.run(command, package="apt", cwd=folder)
    except InfrastructureError:  # apt's lists may be older than what the mirror still has
        tool.run(["apt-get", "-q", "update"], package="apt")
        tool.run(command, package="apt", cwd=folder)
    (file,) = folder.glob("*.deb")
    return file


def _unpacked(package: Path) -> Path:
    """The folder with a package's contents and an index of its modules, which appears as a whole."""
    target = CACHE / package.stem
    if not target.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            folder = Path(temporary, "unpacked")
            tool.run(["dpkg-deb", "--extract", package, folder], package="dpkg")
            for release in _releases(folder):
                tool.run(["busybox", "depmod", "-b", folder, release], package="busybox-static")
            if not target.is_dir():
                os.rename(folder, target)
    return target


def _releases(folder: Path) -> list[str]:
    """Of which there are both a kernel and modules."""
    images = {path.name.removeprefix("vmlinuz-") for path in folder.glob("boot/vmlinuz-*")}
    return sorted(images & {path.name for path in folder.glob("lib/modules/*")}, key=_version)


def _version(release: str) -> Sequence[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def _in_folder(folder: Path, preferred: str | None) -> Kernel:
    """The kernel of that release, else the newest one."""
    releases = _releases(folder)
    if not releases:
        raise RequestError(f"{folder} has no boot/vmlinuz-RELEASE with lib/modules/RELEASE beside it")
    release = preferred if preferred in releases else releases[-1]
    kernel = Kernel(release, folder / "boot" / f"vmlinuz-{release}", folder / "lib" / "modules" / release)
    if not (kernel.modules / "modules.dep").is_file():
        raise RequestError(f"{kernel.modules} has no modules.dep; 'depmod -b {folder} {release}' writes it")
    return kernel
