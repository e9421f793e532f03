"""What can be wrong with bytes, by name: the names are those of the reference stack."""


class _NamedError(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class WireError(_NamedError):
    """Bytes that are no packet, segment or option list, or that do not fit: "data-offset-too-small" and the like."""


class ProtocolError(_NamedError):
    """A value that the protocol must not use; the name is that of the event for the same defect: "low-order-key"."""
