"""Every recorded answer of the live API is understood; skipped where there are none beside the checkout."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import load
from virustotal.api import decoding, endpoints, error_mapping, identifiers
from virustotal.core.errors import VirusTotalError
from virustotal.core.models import Ref
from virustotal.util.readers import as_mapping


def asked_for(data: Mapping[str, Any]) -> str:
    """Return what an object was looked up by: MD5 and base64 are answered with the SHA-256."""
    md5 = as_mapping(data.get("attributes")).get("md5") or "a" * 32
    return {"file": md5, "url": "YQ"}.get(data["type"]) or str(data["id"])


def test_objects_and_collections(reports: Path) -> None:
    objects = pages = 0
    for path in sorted(reports.rglob("*.json")):
        document = load(path)
        data = as_mapping(document).get("data")
        if isinstance(data, list):
            page = decoding.decode_page(document)
            assert len(page.items) + page.left_out == len(data), path
            assert not page.left_out, path
            pages += 1
        elif isinstance(as_mapping(data).get("type"), str):
            ref = Ref(data["type"], asked_for(data))
            report = decoding.decode_report(document, ref)
            assert report.subject.ref.kind == ref.kind, path
            if ref.kind in identifiers.COLLECTIONS:
                assert endpoints.object_request(report.subject.ref), path
            assert set(report.related) == set(as_mapping(data.get("relationships"))), path
            objects += 1
    assert objects
    assert pages


def test_errors(reports: Path) -> None:
    seen = 0
    for path in sorted(reports.rglob("*.json")):
        document = load(path)
        if isinstance(document, dict) and "error" in document and "data" not in document:
            with pytest.raises(VirusTotalError):
                error_mapping.payload(200, {}, json.dumps(document).encode())
            seen += 1
    if not seen:
        pytest.skip("no recorded errors")
