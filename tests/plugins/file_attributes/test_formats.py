"""One table a format: an attribute as VirusTotal documents it, what must be written, and the tags."""

import json
from typing import Any

import pytest

from tests.plugins.file_attributes.everything import all_found
from tests.plugins.file_attributes.look import assert_sound, body, found, points, tags, titles, words
from virustotal.core.tables import brief
from virustotal.plugins.file_attributes import apple, identification, metadata, scripts, unknown_attributes
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, build

DATE = "2024-07-31T03:49:43.932817Z"

FORMATS: list[tuple[str, Any, tuple[str, ...], dict[str, list[str]]]] = [
    ("pdf_info", {"header": "%PDF-1.7", "javascript": 2, "openaction": 1}, ("%PDF-1.7", "/OpenAction"), {}),
    (
        "office_info",
        {
            "summary_info": {
                "author": "A",
                "title": "T",
                "creation_datetime": "2009-03-23 21:52:00",
                "template": "x.dot",
            },
            "document_summary_info": {"company": "Example Ltd"},
            "entries": [{"name": "\x05Summary", "clsid": "00020906-0000-0000-C000-000000000046", "size": 1}],
            "ole": {"num_macros": 1, "macros": [{"vba_code": "Sub AutoOpen()", "patterns": ["exe-pattern"]}]},
            "tags": ["macros"],
        },
        ("x.dot", "Sub AutoOpen()", "Macros (1)", "Summary"),
        {
            "file.ole.summary.author": ["A"],
            "file.ole.summary.title": ["T"],
            "file.ole.summary.create_time": ["2009-03-23 21:52:00"],
            "file.ole.summary.company": ["Example Ltd"],
            "file.ole.clsid": ["00020906-0000-0000-c000-000000000046"],
            "file.ole.macro.suspicious_string": ["exe-pattern"],
        },
    ),
    (
        "openxml_info",
        {
            "file_type": "docx",
            "docprops_core": {"dc:creator": "A", "dcterms:created": DATE, "new:key": "n"},
            "docprops_app": {"Company": "Example Ltd"},
            "rels": ["a", "b"],
        },
        ("docx", "new:key", "Relationships (2)"),
        {
            "file.ole.summary.author": ["A"],
            "file.ole.summary.create_time": ["2024-07-31 03:49:43"],
            "file.ole.summary.company": ["Example Ltd"],
        },
    ),
    (
        "vba_info",
        {"strings": ["Kernel32"], "deobfuscated_strings": ["x"]},
        ("Kernel32",),
        {"file.string.decoded": ["x"]},
    ),
    (
        "rtf_info",
        {"document_properties": {"rtf_header": "rtf1", "objects": [{"class": "Word.Document.8", "type": "OLE"}]}},
        ("rtf1", "Word.Document.8", "Embedded objects (1)"),
        {},
    ),
    (
        "elf_info",
        {
            "header": {"machine": "Intel 80386", "entrypoint": 1608},
            "section_list": [{"name": ".text", "section_type": "PROGBITS"}],
            "segment_list": [{"segment_type": "LOAD", "resources": [".text"]}],
            "import_list": [{"name": "printf", "type": "FUNC"}],
            "shared_libraries": ["libc.so.6"],
            "packers": ["UPX"],
        },
        ("Intel 80386", "0x648", "printf", "PROGBITS"),
        {
            "technique.packer": ["UPX"],
            "file.elf.sections.name": [".text"],
            "file.elf.segments.type": ["LOAD"],
            "file.elf.libraries": ["libc.so.6"],
        },
    ),
    (
        "elf_info",
        {"segments": [["LOAD", [".text", ".data"]], ["NOTE", []]], "imports": [["printf", "FUNC"]]},
        ("Segments (2)", ".text, .data", "printf"),
        {"file.elf.segments.type": ["LOAD", "NOTE"]},
    ),
    (
        "macho_info",
        [
            {"headers": {"cpu_type": "ARM64"}, "libs": ["/usr/lib/a.dylib"], "segments": [{"name": "__TEXT"}]},
            {"headers": {"cpu_type": "x86_64"}},
        ],
        ("ARM64", "x86_64", "__TEXT"),
        {"file.lib": ["/usr/lib/a.dylib"]},
    ),
    (
        "ipa_info",
        {"plist": {"CFBundleIdentifier": "org.example.app"}, "provision": {"TeamName": "T"}},
        ("TeamName",),
        {"file.plist.cf_bundle.identifier": ["org.example.app"]},
    ),
    (
        "dmg_info",
        {"dmg_version": 4, "hfs": {"num_files": 7, "main_executable": {"path": "/a"}}},
        ("/a", "HFS volume"),
        {},
    ),
    (
        "androguard",
        {
            "Package": "org.example.app",
            "MinSdkVersion": "24",
            "Activities": ["org.example.Main"],
            "certificate": {
                "Subject": {"DN": "CN:example"},
                "Issuer": {"CN": "example"},
                "serialnumber": "4D7DBD0F",
                "thumbprint": "A" * 40,
                "validfrom": "2014-08-12 10:14:30",
                "validto": "2114-07-19 10:14:30",
            },
            "permission_details": {"android.permission.CAMERA": {"permission_type": "dangerous"}},
            "intent_filters": {"Receivers": {"org.example.Boot": {"action": ["BOOT_COMPLETED"]}}, "Services": {}},
            "StringsInformation": ["http://example.com/\x00"],
            " Odd key": 1,
        },
        ("dangerous", "BOOT_COMPLETED", "http://example.com/", "Odd key"),
        {
            "file.apk.pkg_name": ["org.example.app"],
            "file.apk.sdk.min": ["24"],
            "file.apk.activity": ["org.example.Main"],
            "file.apk.permission": ["android.permission.CAMERA"],
            "cert.subject": ["CN:example"],
            "cert.issuer": ["example"],
            "cert.serial_no": ["4d7dbd0f"],
            "cert.thumbprint": ["a" * 40],
            "cert.valid.start": ["2014-08-12 10:14:30"],
            "cert.valid.end": ["2114-07-19 10:14:30"],
        },
    ),
    (
        "androguard",
        {"Permissions": {" org.example.P ": ["normal", "d", "f"]}},
        ("org.example.P", "normal"),
        {"file.apk.permission": ["org.example.P"]},
    ),
    (
        "jar_info",
        {
            "manifest": "Manifest-Version: 1.0\r\nMain-Class: org.example.Main\r\n",
            "packages": ["java.io"],
            "files_by_type": {"class": 9},
        },
        ("class: 9",),
        {"file.jar.main_class": ["org.example.Main"], "file.jar.imported_package": ["java.io"]},
    ),
    ("class_info", {"name": "A", "extends": "B", "methods": ["run"]}, ("run",), {}),
    (
        "bundle_info",
        {
            "type": "ZIP",
            "uncompressed_size": 3.3356434083164046e21,
            "extensions": {"": 7, "exe": 9},
            "password": "infected",
        },
        ("3.335643408e+21", "exe: 9"),
        {"info.password": ["infected"]},
    ),
    ("deb_info", {"control_metadata": {"Package": "p"}, "control_scripts": {"postinst": "rm -rf"}}, ("rm -rf",), {}),
    ("isoimage_info", {"volume_id": "CD", "expires": "0000-00-00 00:00:00"}, ("0000-00-00",), {}),
    ("password_info", {"type": "hashcat", "value": "$office$*2007*20"}, ("$office$",), {}),
    ("crx_info", {"anything": {"inside": 1}}, ("anything", "inside"), {}),
    (
        "email",
        {"subject": "Hello", "attachments": [{"name": "a.exe"}]},
        ("a.exe",),
        {"network.email.subject": ["Hello"]},
    ),
    (
        "lnk_info",
        {
            "local_path": "C:\\a.exe",
            "command_line_arguments": "/c calc",
            "mac_address": "C4:65:16:E8:07:01",
            "machine_id": 618321,
            "volume_serial_number": "76f6-0e34",
            "creation_date": DATE,
            "link_flags": ["HasName"],
            "extra_data": {"dlt_properties": {"droid_file_id": "d4"}},
        },
        ("2024-07-31 03:49:43 UTC", "HasName", "droid file id"),
        {
            "file.path": ["C:\\a.exe"],
            "file.shortcut.command_line": ["/c calc"],
            "file.shortcut.machine_id": ["618321"],
            "file.shortcut.tracker_mac": ["c4:65:16:e8:07:01"],
            "file.shortcut.drive_serial": ["76f6-0e34"],
        },
    ),
    (
        "swf_info",
        {"version": 8, "frame_count": "1", "frame_size": "480x480", "suspicious_urls": ["http://example.com/"]},
        ("http://example.com/",),
        {
            "file.swf.header.version": ["8"],
            "file.swf.header.frame.count": ["1"],
            "file.swf.header.frame.size": ["480x480"],
        },
    ),
    ("javascript_info", {"tags": ["eval"]}, ("eval",), {}),
    ("powershell_info", {"cmdlets": ["Invoke-Expression"]}, (), {"file.powershell.cmdlet": ["Invoke-Expression"]}),
    (
        "html_info",
        {
            "title": "<script>",
            "hrefs": ["//cdn.example.com/a.css"],
            "scripts": [{"attributes": {"src": "/a.js"}}],
            "trackers": {"Example Analytics": [{"id": "UA-1", "url": "https://example.com/"}]},
            "html_meta": {"description": ["D"]},
        },
        ("<script>", "//cdn.example.com/a.css", "src: /a.js", "UA-1", "description"),
        {},
    ),
    (
        "snort",
        {"1010": {"alert": "SERVER-IIS encoding access", "destinations": ["{TCP} 192.0.2.1:1 -> 192.0.2.2:2"]}},
        ("192.0.2.1:1",),
        {"network.signature.signature_id": ["1010"], "network.signature.message": ["SERVER-IIS encoding access"]},
    ),
    (
        "wireshark",
        {"dns": [["example.com", ["192.0.2.1", "192.0.2.2"]], ["example.net", []]], "pcap": {"File type": "pcap"}},
        ("192.0.2.1, 192.0.2.2", "example.net", "pcap"),
        {},
    ),
    (
        "traffic_inspection",
        {"http": [{"url": "http://example.com/", "user-agent": "Example/1.0"}], "smb": [{"file": "a"}]},
        ("http://example.com/", "smb"),
        {"network.user_agent": ["Example/1.0"]},
    ),
    ("rombios_info", {"bios_information": {"Vendor": "Example"}, "certs": ["CN=a"], "num": 7}, ("Example", "CN=a"), {}),
    ("asf_info", {"script": [{"action": "URL"}]}, ("URL",), {}),
    ("bytehero_info", "Trojan.Example", ("Trojan.Example",), {}),
    ("brand_new_info", {"a": {"b": [1, 2]}}, ("brand new info", "1, 2"), {}),
    ("brand_new_info", {}, ("brand new info", "Empty in VirusTotal's report."), {}),
]


@pytest.mark.parametrize(("attribute", "value", "written", "tagged"), FORMATS, ids=[each[0] for each in FORMATS])
def test_formats(attribute: str, value: Any, written: tuple[str, ...], tagged: dict[str, list[str]]) -> None:
    findings = all_found({attribute: value})
    for each in written:
        assert each in words(findings)
    assert tags(findings) == tagged
    assert_sound(findings)


@pytest.mark.parametrize("key", ["file_type", "file_format_legacy"])
def test_identification_reads_all_tools(key: str) -> None:
    findings = found(
        identification,
        type_description="Win32 EXE",
        type_tags=["executable", "pe"],
        trid=[{key: "Win32 Executable", "probability": 47.3}],
        detectiteasy={
            "filetype": "PE32",
            "values": [{"type": "Packer", "name": "UPX"}, {"type": "Compiler", "name": "EP:C"}, {}],
        },
        packers={"PEiD": "UPX 2.93"},
        magika="PEBIN",
        tags=["peexe", "cve-2017-0199", "cve-x"],
    )
    for each in ("Win32 EXE", "executable, pe", "47.3", "UPX 2.93", "PEBIN"):
        assert each in words(findings)
    assert tags(findings) == {
        "attribution.exploit": ["CVE-2017-0199"],
        "technique.packer": ["UPX"],
        "file.compiler": ["C"],
    }
    assert [(point.amount, point.attack_ids) for point in points(findings)] == [(0, ("T1027.002",))]


def test_exif_is_tagged_only_for_images() -> None:
    exif = {"CreatorTool": "Example", "CreateDate": "2023:08:22 16:53:36+02:00", "MIMEType": "image/png"}
    assert tags(found(metadata, exiftool=exif)) == {
        "file.img.exif_tool.creator_tool": ["Example"],
        "file.date.creation": ["2023-08-22 14:53:36"],
    }
    other_type = found(metadata, exiftool={**exif, "MIMEType": "application/pdf"})
    assert not tags(other_type)
    assert "CreatorTool" in words(other_type)


@pytest.mark.parametrize(("value", "scored"), [("<?php eval()", True), (["<?php"], True), ("", False), (None, False)])
def test_code_in_an_image_is_shown_and_scored(value: Any, scored: bool) -> None:
    findings = found(metadata, image_code_injections=value)
    assert [point.amount for point in points(findings)] == ([100] if scored else [])
    assert ("<?php" in words(findings)) is scored


def test_many_architectures_are_bounded() -> None:
    findings = found(apple, macho_info=[{"headers": {"cpu_type": "ARM"}}] * 500)
    assert len(titles(findings)) < 100
    assert titles(findings)[-1].endswith("460 more are not shown")


def test_a_list_of_what_has_parts_is_a_section_for_each_and_no_entry_is_dropped() -> None:
    images = found(apple, dmg_info=[{"dmg_version": 4}, {"dmg_version": 5}])
    assert titles(images) == ["Apple disk image (DMG)"] * 2
    mixed = found(apple, macho_info=[{"headers": {"cpu_type": "ARM64"}}, "text"])
    assert "ARM64" in words(mixed)
    assert "text" in words(mixed)


def test_unknown_attributes_are_shown_and_bounded() -> None:
    many = {f"new_{number}": {"a": 1} for number in range(100)}
    findings = found(unknown_attributes, **many, plain_one="text", reputation=5, pe_info={"a": 1}, nothing=None)
    assert len(titles(findings)) == 41
    assert "plain one" in words(findings)
    assert "reputation" not in words(findings)
    assert "new_99" not in titles(findings)
    assert "and 40 more" in words(findings)


def test_long_lists_everywhere_are_bounded_and_said() -> None:
    findings = found(
        scripts, html_info={"hrefs": ["http://example.com/" + "x" * 5_000] * 5_000, "scripts": [{}] * 5_000}
    )
    assert "Links (200 of 5000)" in titles(findings)
    assert_sound(findings)


def test_many_keys_and_deep_values_are_bounded() -> None:
    deep: Any = {"end": "deepest"}
    for _ in range(100):
        deep = {"down": deep, "list": [deep]}
    findings = all_found(
        {"pdf_info": {f"key {number}": number for number in range(50_000)}, "rtf_info": deep, "new": deep}
    )
    assert len(words(findings)) < 100_000
    assert "49822 more" in words(findings)
    assert_sound(findings)


SHAPE = SectionSpec("a", "Rows").include(FieldSpec("name", tag="file.lib"), FieldSpec("size", "Size"))
NAMED = SectionSpec("a", "Named", name="Key", tag="file.lib").include(FieldSpec("size"))


@pytest.mark.parametrize(
    ("part", "value", "rows", "tagged"),
    [
        (SHAPE, [{"name": "a", "size": 1}], [{"Name": "a", "Size": 1}], ["a"]),
        (SHAPE, ["a", 7], [{"Name": "a"}, {"Name": 7}], ["a", "7"]),
        (SHAPE, [["a", 1, "more"]], [{"Name": "a", "Size": 1, "Value": "more"}], ["a"]),
        (SHAPE, [[]], [], None),
        (SHAPE, [{"name": None}, {}, None, "", {"size": 0}], [{"Size": 0}], []),
        (SHAPE, [{"value": 1, "": 2, "new": [3]}], [{"Value": "", "value": 1, "(empty)": 2, "new": "3"}], []),
        (SHAPE, [{"Name": "x", "name": "y"}], [{"Name": "y", "Name (attribute)": "x"}], ["y"]),
        (SHAPE, [{"name": "a\x00b"}, {"name": "c" * 2_000}], None, []),
        (NAMED, {"k": {"size": 1}, "": {"size": 2}}, [{"Key": "k", "Size": 1}, {"Key": "(empty)", "Size": 2}], ["k"]),
        (NAMED, {"k": 7, "l": {"": 8}}, None, ["k", "l"]),
        (SectionSpec("a", "Bare", name="Key"), {"k": ["v", "w"]}, [{"Key": "k", "Value": "v, w"}], None),
    ],
)
def test_rows(part: SectionSpec, value: Any, rows: list[dict[str, Any]] | None, tagged: list[str] | None) -> None:
    section = build(part, value)
    if rows is not None:
        used = (
            [{key: cell for key, cell in row.items() if cell != ""} for row in json.loads(body(section))]
            if section
            else []
        )
        assert used == [{key: cell for key, cell in row.items() if cell != ""} for row in rows]
    assert tags([section]).get("file.lib") == (tagged or None)


def test_columns_beyond_the_limit_are_written_out() -> None:
    section = build(SHAPE, [{f"new {number}": number for number in range(30)}])
    assert titles([section]) == ["Rows (1)", "Rows: details"]
    assert "new 29: 29" in words([section])


def nested(kind: type, depth: int) -> Any:
    value: Any = "innermost"
    for _ in range(depth):
        value = {"a": value} if kind is dict else [value]
    return value


@pytest.mark.parametrize(("kind", "expected"), [(dict, "a: a: a: …"), (list, "…")])
@pytest.mark.parametrize("depth", [4, 500, 100_000])
def test_however_deep_a_value_is_a_cell_ends_at_the_bound(kind: type, expected: str, depth: int) -> None:
    assert brief(nested(kind, depth)) == expected


def test_what_is_within_the_bound_is_shown() -> None:
    assert brief(nested(dict, 3)) == "a: a: a: innermost"
    assert brief([[["innermost"]]]) == "innermost"
    assert brief([[[[]]]]) == "…"
