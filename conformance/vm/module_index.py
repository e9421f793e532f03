"""Which of a kernel's modules need which others: the index that depmod writes."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from tcpslab.outcome import InfrastructureError

from conformance.vm import module_file


class ModuleIndex:
    """Of a folder /lib/modules/RELEASE."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_order(self, names: Iterable[str]) -> list[Path]:
        """The files of these modules, each after those that it needs. Raises `InfrastructureError` if one lacks."""
        order: dict[Path, None] = {}
        for name in names:
            if not self._add(name, order, set()) and not self._is_built_in(name):
                raise InfrastructureError(f"the kernel {self._folder.name} has no module {name}")
        return list(order)

    def _add(self, name: str, order: dict[Path, None], seen: set[str]) -> bool:
        """A module, by its name or an alias, with what it needs (MODULE_SOFTDEP, too); whether there is one."""
        own = _plain(name)
        if own not in self._needed:
            own = self._aliases.get(name, own)
        if own in seen or own not in self._needed:
            return own in seen
        seen.add(own)
        for file in self._needed[own]:
            for soft in module_file.soft_dependencies(file):
                self._add(soft, order, seen)
            order[file] = None
        return True

    @cached_property
    def _needed(self) -> dict[str, list[Path]]:
        """By a module's name: the files to load, its own last."""
        found = {}
        for line in self._lines("modules.dep"):
            own, _, needed = line.partition(":")
            found[_plain(own)] = [self._folder / file for file in [*reversed(needed.split()), own]]
        return found

    @cached_property
    def _aliases(self) -> dict[str, str]:
        """Of several for an alias the last one: the generic one, which works on every processor."""
        words = (line.split() for line in self._lines("modules.alias"))
        return {found[1]: _plain(found[2]) for found in words if len(found) == 3}

    def _is_built_in(self, name: str) -> bool:
        return _plain(name) in map(_plain, self._lines("modules.builtin"))

    def _lines(self, name: str) -> list[str]:
        return (self._folder / name).read_text(encoding="utf-8").splitlines()


def _plain(path: str) -> str:
    """A module's name as the kernel writes it."""
    return Path(path).name.partition(".")[0].replace("-", "_")
