"""What becomes a document, and what is refused."""

import json
from typing import Any

import pytest

from tests.mirror.clusters import SHA, an_object
from virustotal.mirror.documents import RefusedError, read_document, to_document

NOW = 1_760_000_000.0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not an object"),
        ([1], "not an object"),
        ({}, "not an object"),
        ({"data": []}, "not an object"),
        ({"attributes": {}}, "no type or no id"),
        ({"type": "file", "id": None, "attributes": {}}, "no type or no id"),
        ({"type": "comment", "id": "f-1", "attributes": {}}, "unknown type comment"),
        ({"type": "file", "id": "../users/me", "attributes": {}}, "no id of a file"),
        ({"type": "file", "id": "a" * 32, "attributes": {}}, "no id of a file"),
        ({"type": "url", "id": "aHR0cDovL2V4YW1wbGUuY29tLw", "attributes": {}}, "no id of a url"),
        ({"type": "ip_address", "id": "1.2.3", "attributes": {}}, "no id of a ip_address"),
        ({"type": "file_behaviour", "id": "Box", "attributes": {}}, "no id of a file_behaviour"),
        ({"type": "file_behaviour", "id": f"{SHA}_" + "x" * 500, "attributes": {}}, "no id of a file_behaviour"),
        ({"type": "file", "id": SHA}, "no attributes"),
        ({"type": "file", "id": SHA, "attributes": []}, "no attributes"),
        ({"type": "file", "id": SHA, "error": {"code": "NotFoundError"}}, "no attributes"),
    ],
)
def test_what_cannot_be_a_document(value: Any, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        to_document(value, NOW)


@pytest.mark.parametrize(
    ("attributes", "version"),
    [
        ({}, 0),
        ({"last_modification_date": 5, "last_analysis_date": 7}, 7),
        ({"analysis_date": "9"}, 9),
        ({"last_modification_date": "soon", "last_analysis_date": None}, 0),
        ({"last_modification_date": 99_999_999_999}, int(NOW) + 86_400),
        ({"last_modification_date": "1960-01-01"}, 0),
    ],
)
def test_the_version_is_the_last_change_not_far_ahead_nor_negative(attributes: dict[str, Any], version: int) -> None:
    document = to_document({"type": "domain", "id": "EXAMPLE.com", "attributes": attributes}, NOW)
    assert (document["id"], document["modified"]) == ("example.com", version)


def test_submitters_and_their_links_are_left_out() -> None:
    document = to_document(an_object("file", SHA, attributes={"md5": "A" * 32}, links={"self": "x"}), NOW)
    assert "submitter" not in json.dumps(dict(document))
    assert document["md5"] == "a" * 32
    assert read_document(document, "url") is None
    stored = read_document(document, "file")
    assert stored is not None
    assert stored.object["links"] == {"self": "x"}
