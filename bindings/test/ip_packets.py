"""IP packets as no function of tcpslab makes them."""


def with_ipv4_checksum(header: bytes) -> bytes:
    """RFC 1071."""
    words = header[:10] + bytes(2) + header[12:]
    total = sum(int.from_bytes(words[i : i + 2]) for i in range(0, len(words), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + (~total & 0xFFFF).to_bytes(2) + header[12:]


def fragments(packet: bytes, size: int) -> list[bytes]:
    """A packet without extension headers in fragments of `size` bytes, a multiple of 8 (RFC 791, RFC 8200)."""
    v4 = packet[0] >> 4 == 4
    header = 20 if v4 else 40
    payload = packet[header:]
    pieces = []
    for offset in range(0, len(payload), size):
        part = payload[offset : offset + size]
        more = offset + size < len(payload)
        if v4:
            start = bytearray(packet[:header])
            start[2:4] = (header + len(part)).to_bytes(2)
            start[4:6] = b"\x12\x34"
            start[6:8] = (offset // 8 | more << 13).to_bytes(2)
            pieces.append(with_ipv4_checksum(bytes(start)) + part)
        else:
            extension = bytes([packet[6], 0]) + (offset | more).to_bytes(2) + b"\0\0\x12\x34"
            length = (len(extension) + len(part)).to_bytes(2)
            pieces.append(packet[:4] + length + bytes([44]) + packet[7:header] + extension + part)
    return pieces
