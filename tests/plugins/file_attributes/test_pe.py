from typing import Any

import pytest

from tests.plugins.file_attributes.look import assert_sound, found, points, sections, tags, titles, words
from virustotal.plugins.file_attributes import dotnet, pe, signature

PE = {
    "imphash": "F" * 32,
    "timestamp": 4246907690,
    "machine_type": 332,
    "entry_point": 4096,
    "sections": [{"name": ".text", "md5": "A" * 32, "entropy": 6.5, "flags": "rx", "virtual_address": 4096}, {}],
    "import_list": [{"library_name": "kernel32.dll", "imported_functions": ["CreateFileA"]}, {"library_name": "a.dll"}],
    "exports": ["Run"],
    "resource_types": {"RT_ICON": 1, "RT_STRING": 5},
    "debug": [{"type_str": "IMAGE_DEBUG_TYPE_CODEVIEW", "codeview": {"name": "a.pdb", "guid": "{1}"}}],
    "rich_pe_header_hash": "b" * 32,
    "overlay": {"size": 3, "md5": "c" * 32},
    "something_new": {"of": "VirusTotal"},
}


def test_headers_lists_and_what_is_new_are_shown() -> None:
    shown = words(found(pe, pe_info=PE))
    for each in ("x86 (332)", "2104-", "0x1000", "kernel32.dll", "CreateFileA", "Run", "RT_STRING: 5", "something new"):
        assert each in shown
    assert shown.index("RT_STRING") < shown.index("RT_ICON")


def test_tags_are_of_the_right_types_and_normal() -> None:
    findings = found(pe, pe_info=PE)
    assert tags(findings) == {
        "file.pe.imports.imphash": ["f" * 32],
        "file.pe.linker.timestamp": ["2104-07-31 00:34:50"],
        "file.pe.rich_header.hash": ["b" * 32],
        "file.pe.sections.name": [".text"],
        "file.pe.sections.hash": ["a" * 32],
        "file.lib": ["kernel32.dll", "a.dll"],
        "file.pe.exports.function_name": ["Run"],
        "file.pe.pdb_filename": ["a.pdb"],
        "file.pe.debug.guid": ["{1}"],
    }
    assert_sound(findings)


def test_fourteen_thousand_exports_are_bounded_and_said() -> None:
    findings = found(pe, pe_info={"exports": [f"Function{number}" * 8 for number in range(14_000)]})
    assert "Exports (200 of 14000)" in titles(findings)
    assert sum(len(values) for values in tags(findings).values()) == 200
    assert len(words(findings)) < 50_000


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"imports": {"a.dll": ["Run"]}}, "a.dll"),
        ({"imphash": "not a hash"}, "not a hash"),
        ({"sections": "none"}, "none"),
        ({"sections": {"name": ".data"}}, ".data"),
        ({"sections": [".data"]}, ".data"),
        ({"timestamp": "yesterday"}, "yesterday"),
        ({"overlay": [1, 2]}, "1"),
        ({"entry_point": 3.3e21}, "3.3e+21"),
        ({"": {"": ""}, " ": 1, "a b": 7}, "a b"),
        ({}, "Empty in VirusTotal's report."),
        ("text", "text"),
        ([{"imphash": "0" * 32}], "0" * 32),
        (7, "7"),
    ],
)
def test_other_shapes_are_shown_and_not_tagged_wrongly(value: Any, word: str) -> None:
    findings = found(pe, pe_info=value)
    assert word in words(findings)
    assert_sound(findings)


def test_an_absent_or_null_attribute_shows_nothing() -> None:
    assert not found(pe)
    assert not found(pe, pe_info=None)


def test_dotnet_shows_streams_names_and_identifiers() -> None:
    assembly = {
        "assembly_name": "a.exe",
        "streams": {"#US": {"md5": "A" * 32, "size": 1}},
        "external_assemblies": {"": {"version": "1.0"}},
        "unmanaged_methods": {"kernel32": ["Sleep"]},
    }
    findings = found(dotnet, dot_net_assembly=assembly, dot_net_guids={"mvid": "EDF31E57"})
    for each in ("a.exe", "#US", "(empty)", "Sleep", "edf31e57"):
        assert each in words(findings)
    assert_sound(findings)


CERTIFICATE = {
    "name": "Example Corp.",
    "cert issuer": None,
    "serial number": "0A 08 FF",
    "thumbprint": "8" * 40,
    "valid from": "12:00 AM 05/20/2021",
    "valid to": "2024-05-16 23:59:59",
    "valid_usage": "Code Signing",
    "algorithm": "sha256RSA",
}


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ({"verified": "Signed"}, "Signature: signed (verified)"),
        ({"verified": "signed "}, "Signature: signed (verified)"),
        ({"verified": "Unsigned"}, "Signature: not verified"),
        ({"verified": "A certificate chain could not be built."}, "Signature: not verified"),
        ({"verified": None, "product": "P"}, "Signature: none, version information only"),
        ({"product": "P"}, "Signature: none, version information only"),
        ({"x509": [CERTIFICATE]}, "Signature: certificates (verification unknown)"),
        ("text", "Signature and version information (1)"),
        ({}, "Signature and version information"),
    ],
)
def test_signed_only_where_verified(info: Any, title: str) -> None:
    findings = found(signature, signature_info=info)
    assert titles(findings)[0] == title
    assert not points(findings)


def test_certificates_have_normal_tags() -> None:
    info = {"verified": "Signed", "signers details": [CERTIFICATE], "counter signers details": [{"name": "Stamper"}]}
    findings = found(signature, signature_info=info)
    assert tags(findings) == {
        "cert.subject": ["Example Corp."],
        "cert.valid.start": ["2021-05-20 00:00:00"],
        "cert.valid.end": ["2024-05-16 23:59:59"],
        "cert.signature_algo": ["sha256RSA"],
        "cert.serial_no": ["0a08ff"],
        "cert.thumbprint": ["8" * 40],
    }
    assert "Stamper" in words(findings)
    assert "Code Signing" in words(findings)


@pytest.mark.parametrize("certificates", ["one text", ["CN=a", "CN=b"], [None, 7, ["CN=c"]], {"name": "alone"}])
def test_certificates_of_other_types_are_shown(certificates: Any) -> None:
    findings = found(signature, signature_info={"x509": certificates})
    assert any(str(section.title_text).startswith("Certificates") for section in sections(findings))
    assert_sound(findings)


def test_a_revoked_certificate_is_scored_and_explained() -> None:
    findings = found(signature, signature_info={"verified": "A certificate was explicitly revoked by its issuer."})
    (scores,) = points(findings)
    assert (scores.family, scores.amount) == ("static", 100)
    assert "revoked" in scores.reason


@pytest.mark.parametrize(
    "info", [{"pkcs7": {"opusinfo": [{"programName": "P"}]}}, {"pkcs7.opusinfo": [{"programName": "P"}]}]
)
def test_the_program_in_the_signature_is_tagged(info: Any) -> None:
    findings = found(signature, signature_info=info)
    assert tags(findings) == {"file.pe.authenticode.spc_sp_opus_info.program_name": ["P"]}
