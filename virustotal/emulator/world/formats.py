"""What formats tell of a file: attributes of a program, a PDF, an Office document and an archive."""

from virustotal.emulator.world.shared import DAY, EPOCH, Json, digest

PROGRAM: Json = {
    "type_description": "Win32 EXE",
    "type_tag": "peexe",
    "type_extension": "exe",
    "type_tags": ["executable", "windows", "win32", "pe", "peexe"],
    "magic": "PE32 executable (GUI) Intel 80386, for MS Windows",
    "magika": "PEBIN",
    "vhash": "015056655d155510f8z73hz2075zabz",
    "authentihash": digest("authentihash"),
    "creation_date": EPOCH - 500 * DAY,
    "trid": [
        {"file_type": "Win32 Executable MS Visual C++ (generic)", "probability": 47.3},
        {"file_type": "Win64 Executable (generic)", "probability": 15},
    ],
    "detectiteasy": {
        "filetype": "PE32",
        "values": [{"type": "Compiler", "name": "Microsoft Visual C/C++", "version": "19.16"}, {"type": "Linker"}],
    },
    "packers": {"PEiD": "UPX 2.93 - 3.00"},
    "tags": ["peexe", "upx", "signed", "overlay", "detect-debug-environment"],
    "autostart_locations": [
        {"entry": "Updater", "location": "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"}
    ],
    "exiftool": {"FileType": "Win32 EXE", "EntryPoint": "0x1a2b", "CodeSize": "53248", "ProductName": "Example Setup"},
    "pe_info": {
        "imphash": "f34d5f2d4577ed6d9ceec516c1f5a744",
        "timestamp": EPOCH - 500 * DAY,
        "entry_point": 6699,
        "machine_type": 332,
        "sections": [
            {
                "name": ".text",
                "virtual_address": 4096,
                "virtual_size": 53000,
                "raw_size": 53248,
                "entropy": 6.51,
                "chi2": 512345.5,
                "flags": "rx",
                "md5": "0123456789abcdef0123456789abcdef",
            },
            {"name": "UPX1", "virtual_address": 61440, "virtual_size": 4096, "raw_size": 0, "entropy": 0, "chi2": -1},
        ],
        "import_list": [
            {"library_name": "KERNEL32.dll", "imported_functions": ["CreateFileW", "WriteFile", "VirtualAllocEx"]},
            {"library_name": "WS2_32.dll", "imported_functions": ["connect"]},
        ],
        "resource_details": [
            {"type": "RT_ICON", "lang": "ENGLISH US", "filetype": "ICO", "sha256": digest("icon"), "entropy": 4.2}
        ],
        "resource_langs": {"ENGLISH US": 1},
        "resource_types": {"RT_ICON": 1},
        "overlay": {"offset": 57344, "size": 1024, "filetype": "ZIP", "entropy": 7.9, "chi2": 300.25},
        "debug": [{"type": 2, "type_str": "IMAGE_DEBUG_TYPE_CODEVIEW", "timestamp": "Mon Aug 21 10:00:00 2023"}],
    },
    "signature_info": {
        "verified": "A certificate was explicitly revoked by its issuer.",
        "signing date": "05:39 AM 04/17/2023",
        "signers": "Example Software Ltd; Example Code Signing CA",
        "signers details": [
            {
                "name": "Example Software Ltd",
                "status": "Revoked",
                "serial number": "01 02 03 04",
                "algorithm": "sha256RSA",
            },
            {"name": "Example Code Signing CA", "status": "Valid"},
        ],
        "x509": [{"name": "Example Software Ltd", "cert issuer": "Example Code Signing CA"}],
        "product": "Example Setup",
        "file version": "1.2.3",
        "original name": "setup.exe",
    },
    "crowdsourced_yara_results": [
        {
            "rule_name": "Invented_Loader",
            "ruleset_name": "invented_loaders",
            "ruleset_id": "0121ae37cc",
            "source": "https://example.org/rules",
            "author": "Example Rules",
            "description": "Finds the invented loader.",
            "match_in_subfile": True,
        }
    ],
    "crowdsourced_ids_results": [
        {
            "rule_id": "1:2036220",
            "rule_msg": "MALWARE Invented beacon",
            "alert_severity": "high",
            "rule_category": "A Network Trojan was detected",
            "rule_source": "Example rules",
            "alert_context": [{"dest_ip": "192.0.2.10", "dest_port": 443, "proto": "TCP"}],
        },
        {"rule_id": "1:1000001", "rule_msg": "INFO unusual port", "alert_severity": "info"},
    ],
    "crowdsourced_ids_stats": {"high": 1, "medium": 0, "low": 0, "info": 1},
    "sigma_analysis_results": [
        {
            "rule_title": "Suspicious Script Execution",
            "rule_id": digest("sigma"),
            "rule_level": "high",
            "rule_source": "Example Sigma rules",
            "rule_author": "Example Author",
            "rule_description": "Detects a script that runs from a temporary folder.",
            "match_context": [{"values": {"EventID": "1", "Image": "C:\\Windows\\System32\\wscript.exe"}}],
        }
    ],
    "sigma_analysis_stats": {"critical": 0, "high": 1, "medium": 0, "low": 0},
    "sigma_analysis_summary": {"Example Sigma rules": {"critical": 0, "high": 1, "medium": 0, "low": 0}},
    "crowdsourced_ai_results": [
        {
            "id": "example-insight",
            "source": "Example AI",
            "category": "code_insight",
            "verdict": "malicious",
            "analysis": "The program unpacks a second stage and connects to c2.example.net.",
        }
    ],
    "sandbox_verdicts": {
        "CAPE Sandbox": {
            "category": "malicious",
            "sandbox_name": "CAPE Sandbox",
            "malware_classification": ["STEALER", "TROJAN"],
            "malware_names": ["Invented"],
            "confidence": 95,
        }
    },
    "popular_threat_classification": {
        "suggested_threat_label": "trojan.invented/loader",
        "popular_threat_category": [{"value": "trojan", "count": 9}],
        "popular_threat_name": [{"value": "invented", "count": 8}, {"value": "loader", "count": 2}],
    },
    "malware_config": {
        "families": [
            {
                "family": "invented",
                "configs": [
                    {
                        "tool": "example-extractor",
                        "implant_info": {"version": "7"},
                        "net_info": {
                            "connections": [
                                {
                                    "categories": ["C2"],
                                    "host": "c2.example.net",
                                    "url": "http://c2.example.net/gate.php",
                                }
                            ]
                        },
                    }
                ],
            }
        ]
    },
    "capabilities_tags": ["str_win32_winsock2_library"],
    "main_icon": {"dhash": "b0b0b0b0b0b0b0b0", "raw_md5": "fedcba9876543210fedcba9876543210"},
}

PDF: Json = {
    "type_description": "PDF",
    "type_tag": "pdf",
    "type_extension": "pdf",
    "type_tags": ["document", "pdf"],
    "magic": "PDF document, version 1.7",
    "tags": ["pdf", "js-embedded", "autoaction"],
    "pdf_info": {
        "header": "%PDF-1.7",
        "num_pages": 1,
        "num_obj": 12,
        "num_endobj": 12,
        "num_stream": 3,
        "num_endstream": 3,
        "javascript": 1,
        "js": 1,
        "openaction": 1,
        "autoaction": 1,
        "embedded_file": 1,
        "acroform": 0,
        "encrypted": 0,
        "num_launch_actions": 1,
    },
}

OFFICE: Json = {
    "type_description": "MS Word Document",
    "type_tag": "doc",
    "type_extension": "doc",
    "type_tags": ["document", "msoffice", "text", "word", "doc"],
    "tags": ["doc", "macros", "auto-open"],
    "office_info": {
        "summary_info": {"author": "Example Author", "title": "Letter", "revision_number": "3"},
        "document_summary_info": {"company": "Example Ltd"},
        "entries": [
            {"name": "Root Entry", "sid": 0, "size": 0, "type_literal": "root"},
            {"name": "\x01Ole", "size": 20},
        ],
        "ole": {
            "num_macros": 1,
            "macros": [
                {
                    "vba_code": 'Sub AutoOpen()\n  Shell "cmd /c echo example"\nEnd Sub\n',
                    "vba_filename": "ThisDocument.cls",
                    "stream_path": "Macros/VBA/ThisDocument",
                    "length": 58,
                    "patterns": ["exe-pattern"],
                    "properties": ["auto-open", "run-file"],
                }
            ],
        },
    },
}

ZIP: Json = {
    "type_description": "ZIP",
    "type_tag": "zip",
    "type_extension": "zip",
    "type_tags": ["compressed", "zip"],
    "tags": ["zip"],
    "bundle_info": {
        "type": "ZIP",
        "num_children": 2,
        "uncompressed_size": 136,
        "extensions": {"com": 1, "": 1},
        "file_types": {"unknown": 2},
        "highest_datetime": "2024-12-31 10:00:00",
        "lowest_datetime": "2000-01-01 00:00:00",
    },
}


def _architecture(cpu: str, subtype: str) -> Json:
    section = {"name": "__text", "type": "S_REGULAR", "flags": ["S_ATTR_PURE_INSTRUCTIONS"]}
    return {
        "headers": {
            "cpu_type": cpu,
            "cpu_subtype": subtype,
            "file_type": "executable",
            "flags": ["PIE"],
            "num_cmds": 2,
        },
        "commands": [{"type": "SEGMENT_64"}, {"type": "UUID"}],
        "libs": ["/usr/lib/libSystem.B.dylib"],
        "segments": [{"name": "__TEXT", "fileoff": "0x0", "vmsize": "0x4000", "sections": [section]}],
        "info": {"sha256": digest(f"mach-o {cpu}")},
    }


MACHO: Json = {
    "type_description": "Mach-O",
    "type_tag": "macho",
    "type_extension": "macho",
    "type_tags": ["executable", "macos", "macho"],
    "tags": ["macho", "multi-arch"],
    "macho_info": [_architecture("x86_64", "X86_64_ALL"), _architecture("arm64", "ARM64E")],
}
