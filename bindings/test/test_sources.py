"""What the sources of the protocols may not do at all (design, section 1: no files)."""

import re

import pytest

from tcpslab import tree

_PROTOCOLS = ("wire", "crypto", "stack", "tcps")
_FILES = {"fstream", "cstdio", "stdio.h", "filesystem", "fcntl.h", "unistd.h", "sys/stat.h", "sys/mman.h"}
_INCLUDE = re.compile(r"^#include <([^>]+)>", re.MULTILINE)


# Nothing is written but what a caller's key log writes: TCPS-KEY-12
@pytest.mark.parametrize("folder", _PROTOCOLS)
def test_no_protocol_has_a_way_to_the_disk(folder: str) -> None:
    root = tree.ROOT / "reference" / folder
    sources = [path for path in root.rglob("*.[ch]*") if not {"test", "bench"} & set(path.relative_to(root).parts)]
    assert sources
    for path in sources:
        assert not _FILES & set(_INCLUDE.findall(path.read_text(encoding="utf-8"))), path
