"""Behaviours: reports, merged views, captures with their rights, pictures and downloads on the other host."""

import bz2
import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from urllib.parse import quote

import pytest
import requests

from tests.emulator.conftest import FILE, Api
from virustotal.emulator import captures
from virustotal.emulator.world.behaviours import SCREENSHOTS
from virustotal.emulator.world.shared import EICAR, EICAR_SHA256, EPOCH, digest

MAGIC = {"pcap": b"\xd4\xc3\xb2\xa1", "evtx": b"ElfFile\0", "memdump": b"PK\x03\x04", "html": b"<!DOCTYPE html>"}


def behaviour(sandbox: str, suffix: str = "") -> str:
    return f"/file_behaviours/{quote(f'{EICAR_SHA256}_{sandbox}')}" + (f"/{suffix}" if suffix else "")


def test_the_reports(api: Api) -> None:
    data = api.json(f"{FILE}/behaviours")["data"]
    names = {item["attributes"]["sandbox_name"] for item in data}
    assert names == {"Zenbox", "VirusTotal Jujubox", "Dr.Web vxCube", "Microsoft Sysinternals", "C2AE"}
    assert all(item["id"] == f"{EICAR_SHA256}_{item['attributes']['sandbox_name']}" for item in data)


def test_the_summary_is_a_merged_dictionary(api: Api) -> None:
    data = api.json(f"{FILE}/behaviour_summary")["data"]
    assert not {"type", "id", "attributes", "sandbox_name", "has_pcap", "analysis_date", "behash"} & data.keys()
    assert data["verdicts"] == sorted(data["verdicts"], key=data["verdicts"].index)
    assert {"CLEAN", "MALWARE", "UNKNOWN_VERDICT"} <= set(data["verdicts"])
    assert len(data["dns_lookups"]) == 3


def test_the_trees(api: Api) -> None:
    data = api.json(f"{FILE}/behaviour_mitre_trees")["data"]
    assert data["C2AE"] == {"tactics": []}
    assert data["Zenbox"]["tactics"][0]["techniques"][0]["signatures"][0]["severity"] == "MEDIUM"


@pytest.mark.parametrize("name", ["behaviour_summary", "behaviour_mitre_trees"])
def test_a_file_without_reports(api: Api, name: str) -> None:
    path = f"/files/{digest('clean.txt')}/{name}"
    assert api.json(path)["data"] == {}
    api.emulator.switches.empty_behaviours = "404"
    assert api.error(path) == (404, "NotFoundError")
    assert api.error("/files/" + "0" * 64 + f"/{name}") == (404, "NotFoundError")


@pytest.mark.parametrize("suffix", MAGIC)
@pytest.mark.parametrize(
    ("sandbox", "has"),
    [
        ("Zenbox", "pcap evtx memdump html"),
        ("VirusTotal Jujubox", "pcap html"),
        ("Dr.Web vxCube", "pcap evtx"),
        ("C2AE", ""),
    ],
)
def test_artefacts(api: Api, sandbox: str, has: str, suffix: str) -> None:
    answer = api.get(behaviour(sandbox, suffix))
    assert answer.status_code == (200 if suffix in has.split() else 404)
    assert answer.status_code == 404 or answer.content.startswith(MAGIC[suffix])


@pytest.mark.parametrize(
    ("key", "suffix", "status"),
    [
        ("bare", "pcap", 403),
        ("public", "evtx", 403),
        ("public", "html", 200),
        ("bare", "memdump", 403),
        ("gti", "pcap", 200),
    ],
)
def test_the_right_to_captures(api: Api, key: str, suffix: str, status: int) -> None:
    assert api.get(behaviour("Zenbox", suffix), key).status_code == status


def test_unknown_report(api: Api) -> None:
    assert api.error(behaviour("No Such Box", "pcap")) == (404, "NotFoundError")


def test_artefacts_are_made_where_a_report_has_them(api: Api) -> None:
    sha256 = digest("recorded")
    report = {"type": "file_behaviour", "id": f"{sha256}_Box", "attributes": {"has_pcap": True, "has_evtx": False}}
    api.emulator.store.put(report)
    api.emulator.switches.artefacts = "recorded"
    assert api.get(f"/file_behaviours/{sha256}_Box/pcap").status_code == 404
    api.emulator.switches.artefacts = "generated"
    assert api.get(f"/file_behaviours/{sha256}_Box/pcap").content == captures.pcap()
    assert api.get(f"/file_behaviours/{sha256}_Box/evtx").status_code == 404


def test_captures_may_redirect(api: Api) -> None:
    api.emulator.switches.artefact_answer = "redirect"
    answer = api.get(behaviour("Dr.Web vxCube", "pcap"))
    assert answer.status_code == 302
    target = answer.headers["Location"]
    assert target.startswith(api.emulator.other_url)
    assert requests.get(target, timeout=10).content == captures.pcap()
    assert api.get(target).status_code == 400
    assert len(api.emulator.leaks) == 1


def test_pictures_live_elsewhere(api: Api) -> None:
    items = api.json(f"{FILE}/screenshots")["data"]
    assert [item["id"] for item in items] == list(SCREENSHOTS)
    for item in items:
        answer = requests.get(item["attributes"]["link"], timeout=10)
        assert item["attributes"]["link"].startswith(api.emulator.other_url)
        assert (answer.headers["Content-Type"], answer.content) == ("image/png", captures.png())
    assert [item["attributes"]["sandbox_name"] for item in items] == ["VirusTotal Jujubox", "Zenbox"]


def test_downloads_live_elsewhere(api: Api) -> None:
    answer = api.get(f"{FILE}/download")
    assert answer.status_code == 302
    assert answer.headers["Location"] == api.json(f"{FILE}/download_url")["data"]
    assert requests.get(answer.headers["Location"], timeout=10).content == EICAR
    assert api.error(f"{FILE}/download", "public") == (403, "ForbiddenError")
    assert api.error("/files/" + "0" * 64 + "/download") == (404, "NotFoundError")
    assert requests.get(f"{api.emulator.other_url}/download/nothing", timeout=10).status_code == 404


def package(api: Api, path: str) -> bytes:
    return requests.get(api.get(path).headers["Location"], timeout=10).content


def test_feeds(api: Api) -> None:
    api.emulator.clock.set(EPOCH)
    hour = package(api, "/feeds/files/hourly/2024123121")
    lines = {}
    with tarfile.open(fileobj=io.BytesIO(hour)) as archive:
        for member in archive:
            part = archive.extractfile(member)
            assert part is not None
            lines[member.name] = part.read().splitlines()
    assert len(lines) == 60
    assert sorted(
        json.loads(line)["id"] for minute in lines.values() for line in minute
    ) == api.emulator.store.identities("file")
    (name,) = [name for name, minute in lines.items() if any(EICAR_SHA256.encode() in line for line in minute)]
    assert bz2.decompress(package(api, f"/feeds/files/{name}")).splitlines() == lines[name]
    assert api.error("/feeds/files/202412312330") == (400, "NotAvailableYet")
    assert api.error("/feeds/files/202411010000") == (404, "NotFoundError")
    assert api.error("/feeds/files/hourly/2024123123") == (400, "NotAvailableYet")
    assert api.error("/feeds/files/soon") == (400, "BadRequestError")
    assert api.error("/feeds/files/202412312200", "public") == (403, "ForbiddenError")


def test_the_capture_is_valid() -> None:
    data = captures.pcap()
    offset, frames = 24, []
    while offset < len(data):
        length = struct.unpack_from("<I", data, offset + 8)[0]
        frames.append(data[offset + 16 : offset + 16 + length])
        offset += 16 + length
    assert offset == len(data)
    assert [frame[14:15] for frame in frames] == [b"\x45", b"\x45"]
    for frame in frames:
        words = struct.unpack(">10H", frame[14:34])
        total = sum(words)
        assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
    assert b"\x07example\x03com\x00" in frames[0]


def test_the_event_log_is_valid() -> None:
    data = captures.evtx()
    assert (len(data), data[:8], data[4096:4104]) == (4096 + 65536, b"ElfFile\0", b"ElfChnk\0")
    assert zlib.crc32(data[:120]) == struct.unpack_from("<I", data, 124)[0]
    chunk = data[4096:]
    assert zlib.crc32(chunk[:120] + chunk[128:512]) == struct.unpack_from("<I", chunk, 124)[0]


def test_the_dump_is_an_archive() -> None:
    assert zipfile.ZipFile(io.BytesIO(captures.memdump())).testzip() is None


def test_contents_have_their_hash(api: Api) -> None:
    stored = {name: data for (name, suffix), data in api.emulator.store.artefacts.items() if suffix == "bin"}
    assert len(stored) > 8
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in stored.items() if isinstance(data, bytes))
