from pathlib import Path

import pytest

_SUITE = Path(__file__).with_name("suite")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The suite judges a target, and has one only under `lab conform`, which loads the plugin."""
    return True if collection_path == _SUITE and not config.pluginmanager.has_plugin("conformance.plugin") else None
