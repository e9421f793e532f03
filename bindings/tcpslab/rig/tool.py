"""The tool `ip` of iproute2."""

import subprocess

from tcpslab.outcome import InfrastructureError


def ip(*words: str) -> str:
    """What it says. Raises InfrastructureError with its complaint."""
    try:
        # A session of its own: Ctrl-C at the terminal is not to end it halfway.
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, start_new_session=True)
    except OSError as error:
        raise InfrastructureError(f"cannot run the tool ip (package iproute2): {error.strerror}") from error
    if done.returncode != 0:
        raise InfrastructureError(f"'ip {' '.join(words)}' failed: {done.stderr.strip()}")
    return done.stdout
