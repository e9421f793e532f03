"""Gives a running `sim_host` an order, a word each:

    python3 -m conformance.tell SOCKET connect ADDRESS PORT echo|greet|abort
    python3 -m conformance.tell SOCKET set enforce|tofu_enforce 0|1
    python3 -m conformance.tell SOCKET restart          another identity, nothing remembered
"""

import socket
import sys
from collections.abc import Sequence

from tcpslab.outcome import Exit, InfrastructureError, LabError, RequestError

OK = "ok"
_TIME_LIMIT = 10.0  # seconds


def tell(control: str, order: Sequence[str]) -> None:
    """Raises `RequestError` if the host refuses the order, `InfrastructureError` if it does not listen."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_TIME_LIMIT)
            connection.connect(control)
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(" ".join(order) + "\n")
                stream.flush()
                answer = stream.readline().strip()
    except OSError as error:
        raise InfrastructureError(f"{control}: {error.strerror or error}") from error
    if answer != OK:
        raise RequestError(f"{control}: {answer or 'no answer'}")


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return Exit.BAD_REQUEST
    try:
        tell(arguments[0], arguments[1:])
    except LabError as error:
        print(f"tell: {error}", file=sys.stderr)
        return error.exit_code
    return Exit.AS_EXPECTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
