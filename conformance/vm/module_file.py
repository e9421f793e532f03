"""A kernel module's file, as far as one can read in it what the kernel will want to know (kmod's `modinfo`)."""

import gzip
import lzma
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcpslab.outcome import RequestError

_ELF = b"\x7fELF"
# Entries of the section .modinfo, which end with a zero byte (<linux/moduleparam.h>).
_ENTRY = re.compile(rb"(?<=\0)(name|depends|softdep|vermagic|parmtype)=([^\0]*)\0")
_DECOMPRESS: Mapping[str, Callable[[bytes], bytes]] = {".xz": lzma.decompress, ".gz": gzip.decompress}


@dataclass(frozen=True)
class ModuleFile:
    name: str  # under /sys/module
    image: bytes  # the ELF file
    release: str  # of the kernel that it was built for, as `uname -r` says
    depends: Sequence[str]  # names of modules that have to be loaded before
    parameters: Sequence[str]

    def check_parameters(self, given: Sequence[str]) -> None:
        """Raises `RequestError` for what is not NAME=VALUE, with a name that the module has."""
        for parameter in given:
            name, separator, _ = parameter.partition("=")
            if not separator or name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise RequestError(f"--module-parameter {parameter}: expected NAME=VALUE; {self.name} knows {known}")


def read(path: Path) -> ModuleFile:
    """Raises `RequestError` for what is no module."""
    image = contents(path)
    entries = _entries(image)
    if not image.startswith(_ELF) or not entries["vermagic"]:
        raise RequestError(f"--module {path}: is no kernel module")
    plain_name = path.name.partition(".")[0].replace("-", "_")
    return ModuleFile(
        name=(entries["name"] or [plain_name])[0],
        image=image,
        release=entries["vermagic"][0].partition(" ")[0],
        depends=[name for name in ",".join(entries["depends"]).split(",") if name],
        parameters=[entry.partition(":")[0] for entry in entries["parmtype"]],
    )


def soft_dependencies(path: Path) -> list[str]:
    """Names or aliases of modules that this one asks for when it is loaded (MODULE_SOFTDEP, "pre")."""
    text = " ".join(_entries(contents(path))["softdep"])
    found, kind = [], ""
    for word in text.split():
        if word.endswith(":"):
            kind = word
        elif kind == "pre:":
            found.append(word)
    return found


def _entries(image: bytes) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {name: [] for name in ("name", "depends", "softdep", "vermagic", "parmtype")}
    for key, value in _ENTRY.findall(image):
        entries[key.decode()].append(value.decode(errors="replace"))
    return entries


def contents(path: Path) -> bytes:
    """A module's ELF file, which Debian 13 and later compress. Raises `RequestError`."""
    try:
        stored = path.read_bytes()
        return _DECOMPRESS.get(path.suffix, bytes)(stored)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise RequestError(f"--module {path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
