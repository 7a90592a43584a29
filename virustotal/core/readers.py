"""Lenient readers of attributes. Each value may be missing, null or of another type; none of these raises."""

from virustotal.util.hosts import host_of
from virustotal.util.readers import (
    LONGEST_TEXT,
    as_list,
    as_mapping,
    as_mappings,
    as_text,
    as_texts,
    boolean,
    clean,
    date,
    integer,
    named_counts,
    number,
    pairs,
    quantity,
    safe_name,
    timestamp,
    whole_text,
)

__all__ = [
    "LONGEST_TEXT",
    "as_list",
    "as_mapping",
    "as_mappings",
    "as_text",
    "as_texts",
    "boolean",
    "clean",
    "date",
    "host_of",
    "integer",
    "named_counts",
    "number",
    "pairs",
    "quantity",
    "safe_name",
    "timestamp",
    "whole_text",
]
