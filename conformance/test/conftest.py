import os
from collections.abc import Iterator

import pytest

from namespaces import Cable


@pytest.fixture
def cable() -> Iterator[Cable]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made = Cable()
    try:
        yield made
    finally:
        made.close()
