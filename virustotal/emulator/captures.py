"""Tiny real artefacts, made from nothing: PCAP, EVTX, PNG, HTML report; and a capture of any size."""

import io
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator

FLAGS = {"html": "has_html_report", "pcap": "has_pcap", "evtx": "has_evtx", "memdump": "has_memdump"}
"""Suffix of an artefact -> the attribute of a sandbox report that tells of it."""

_PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_MINUTE = 1_735_689_600
_PIECE = 65536


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ipv4(source: bytes, target: bytes, protocol: int, payload: bytes) -> bytes:
    fields = (0x45, 0, 20 + len(payload), 1, 0, 64, protocol)
    head = struct.pack(">BBHHHBB", *fields)
    return head + struct.pack(">H", _checksum(head + b"\0\0" + source + target)) + source + target + payload


def _udp(source: int, target: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def _packet(index: int, frame: bytes) -> bytes:
    return struct.pack("<IIII", _MINUTE + index, 0, len(frame), len(frame)) + frame


def _question(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"


def pcap(name: str = "example.com", address: tuple[int, int, int, int] = (192, 0, 2, 10)) -> bytes:
    """Return a capture of one DNS question and its answer (Ethernet, IPv4, UDP)."""
    client, server = bytes((198, 51, 100, 20)), bytes((198, 51, 100, 53))
    ethernet = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0"
    question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + _question(name)
    record = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 300, 4) + bytes(address)
    answer = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + _question(name) + record
    sent = ethernet + _ipv4(client, server, 17, _udp(50000, 53, question))
    back = ethernet + _ipv4(server, client, 17, _udp(53, 50000, answer))
    return _PCAP_HEADER + _packet(0, sent) + _packet(1, back)


async def generated_pcap(size: int) -> AsyncIterator[bytes]:
    """Yield a capture of exactly ``size`` bytes in small pieces: the header, then packets of 64 KiB and a last one."""
    yield _PCAP_HEADER[:size]
    left = size - len(_PCAP_HEADER)
    while left > 16:
        length = min(left - 16, _PIECE - 17)
        yield struct.pack("<IIII", _MINUTE, 0, length, length) + b"\0" * length
        left -= 16 + length
    if left > 0:
        yield b"\0" * left


def evtx() -> bytes:
    """Return an event log without events: a file header and one empty chunk, with their checksums."""
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, 0, 1, 128, 1, 3, 4096, 1).ljust(120, b"\0")
    header = (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(4096, b"\0")
    none = 0xFFFF_FFFF_FFFF_FFFF
    start = struct.pack("<8sQQQQIIII", b"ElfChnk\0", 1, none, none, none, 128, 0, 512, zlib.crc32(b""))
    start = start.ljust(120, b"\0")
    tables = b"\0" * 384
    chunk = start + struct.pack("<II", 0, zlib.crc32(start + tables)) + tables
    return header + chunk.ljust(65536, b"\0")


def memdump() -> bytes:
    """Return an archive with one small dump, as the sandboxes deliver theirs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("4242.dmp"), b"MDMP" + b"\0" * 60)
    return buffer.getvalue()


def html_report(sandbox: str, sha256: str) -> bytes:
    """Return a report page; it holds a script, as a hostile one would."""
    return (
        f"<!DOCTYPE html><html><head><title>{sandbox} report</title></head>"
        f"<body><h1>{sandbox}</h1><p>Sample {sha256}</p><script>alert(1)</script></body></html>"
    ).encode()


def png(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (32, 96, 160)) -> bytes:
    """Return a picture of one colour with a white border."""
    inner = b"\xff\xff\xff" + bytes(colour) * (width - 2) + b"\xff\xff\xff"
    border = b"\xff\xff\xff" * width
    rows = [border, *[inner] * (height - 2), border]
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def generated(suffix: str, identifier: str) -> bytes:
    """Return the artefact of a sandbox report."""
    if suffix == "html":
        sha256, _, sandbox = identifier.partition("_")
        return html_report(sandbox, sha256)
    return {"pcap": pcap, "evtx": evtx, "memdump": memdump}[suffix]()
