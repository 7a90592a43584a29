"""Requests and responses as pure functions: (status, headers, body) to a value or an error. Nothing is sent here."""

from virustotal.core.protocol.asking import (
    LARGEST_DIRECT,
    LARGEST_UPLOAD,
    PAGE,
    analyse,
    analysis,
    analysis_item,
    artefact,
    descriptor_page,
    linked,
    mitre_trees,
    object_request,
    overall_quotas,
    relationship_page,
    submit_url,
    upload_file,
    upload_url,
)
from virustotal.core.protocol.decoding import Page, decode_object, decode_page, decode_report
from virustotal.core.protocol.failures import error_in, failure, payload
from virustotal.core.protocol.ids import COLLECTIONS, segment, url_id, valid_id

__all__ = [
    "COLLECTIONS",
    "LARGEST_DIRECT",
    "LARGEST_UPLOAD",
    "PAGE",
    "Page",
    "analyse",
    "analysis",
    "analysis_item",
    "artefact",
    "decode_object",
    "decode_page",
    "decode_report",
    "descriptor_page",
    "error_in",
    "failure",
    "linked",
    "mitre_trees",
    "object_request",
    "overall_quotas",
    "payload",
    "relationship_page",
    "segment",
    "submit_url",
    "upload_file",
    "upload_url",
    "url_id",
    "valid_id",
]
