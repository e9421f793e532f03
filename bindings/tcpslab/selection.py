"""Which scenario files the words of a command line mean."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from tcpslab import tree
from tcpslab.outcome import RequestError

SUFFIX = ".yaml"
# Folders beside the families that hold YAML of other kinds.
_NOT_FAMILIES = frozenset({"campaigns", "examples", "test"})


def families(root: Path = tree.SCENARIOS) -> dict[str, list[Path]]:
    """The scenario files of each family, both in alphabetical order; a family is a folder of `root`."""
    found = {}
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name not in _NOT_FAMILIES:
            files = sorted(folder.rglob(f"*{SUFFIX}"))
            if files:
                found[folder.name] = files
    return found


def select(words: Sequence[str], root: Path = tree.SCENARIOS) -> list[Path]:
    """The files that `words` name, each once; no words mean every family.

    A word is a family (`transfer`), a scenario (`transfer/first-visit`), or else the path of a scenario file or of a
    folder of them.
    """
    known = families(root)
    if not words:
        return [file for files in known.values() for file in files]
    chosen: dict[Path, None] = {}
    for word in words:
        chosen.update(dict.fromkeys(_resolve(word, known, root)))
    return list(chosen)


def _resolve(word: str, known: dict[str, list[Path]], root: Path) -> list[Path]:
    if word in known:
        return known[word]
    by_name = {file.relative_to(root).with_suffix("").as_posix(): file for files in known.values() for file in files}
    if word in by_name:
        return [by_name[word]]
    path = Path(word)
    if path.is_file():
        return [path]
    if path.is_dir():
        if files := sorted(path.rglob(f"*{SUFFIX}")):
            return files
        raise RequestError(f"{word}: no scenario file ({SUFFIX}) in this folder")
    close = difflib.get_close_matches(word, [*known, *by_name], n=1)
    hint = f"did you mean {close[0]}?" if close else f"families are: {', '.join(known)}"
    raise RequestError(f"{word}: neither a family, nor a scenario, nor a file; {hint}")
