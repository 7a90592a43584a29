"""The distribution of a new plugin: `virustotal-service new-plugin NAME --kind relationship`."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from attrs import frozen

from virustotal import __version__
from virustotal.api import relationships
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN


@frozen
class PluginKind:
    """One kind of plugin. summary: what its module does. settings: an example, as YAML.

    relationship: the one that it reads by default; empty for a kind that reads none.
    """

    summary: str
    settings: str
    relationship: str = ""


#: By name; each has a module and a test among the files, and shares all others.
KINDS: Mapping[str, PluginKind] = {
    "relationship": PluginKind(
        "Words of interest in `$attribute` of the $yields objects under `$relationship`.",
        "{words: [loader, stealer]}  # without words every object is shown, and nothing is scored",
        "comments",
    ),
    "attributes": PluginKind(
        "Tags of interest of a $subject.",
        "{tags: [overlay]}  # without tags all are shown, and nothing is scored",
    ),
    "remap": PluginKind("Engines whose detections do not count.", "{engines: [Acme]}"),
    "verdict": PluginKind("Objects of our own, which are clean whatever the engines say.", "{own: [example.com]}"),
    "download": PluginKind(
        "Fetches the malicious files under `$relationship` of a $subject.",
        "{most: 5}  # files of one subject",
        "dropped_files",
    ),
    "unknown-relationship": PluginKind(
        "The objects under `$relationship` of a $subject, which the service does not know.",
        "{}  # it has no settings",
        "new_things",
    ),
}
_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
_RELATIONSHIP = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: By the kind of the objects, the most informative attribute that is a text.
MAIN_ATTRIBUTE: Mapping[str, str] = {
    "collection": "name",
    "comment": "text",
    "domain": "registrar",
    "file": "meaningful_name",
    "file_behaviour": "sandbox_name",
    "ip_address": "as_owner",
    "resolution": "host_name",
    "ssl_cert": "thumbprint_sha256",
    "submission": "source_key",
    "url": "title",
    "vote": "verdict",
    "whois": "registrar_name",
}
#: A subject of each kind, by identifier and as a target of `scan`.
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "file": ("275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",) * 2,
    "url": ("0f115db062b7c0dd030b16878c99dea5c354b49dc37b38eb8846179c7783e9d7", "http://example.com/"),
    "domain": ("example.com", "example.com"),
    "ip_address": ("9.9.9.9", "9.9.9.9"),
}
#: What is written, by the template's file.
WRITTEN: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "module_$plugin_kind.py": "$module.py",
    "test_$plugin_kind.py": "tests/test_$module.py",
    "test_plugin.py": "tests/test_plugin.py",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    "ci.yml": ".github/workflows/ci.yml",
    "gitignore": ".gitignore",
}


def write(
    name: str,
    folder: str | Path = ".",
    *,
    kind: str = "relationship",
    subject: str = "file",
    relationship: str = "",
) -> list[Path]:
    """Write the distribution `virustotal-NAME` into `folder/virustotal-NAME`, and return its files.

    Args:
        name: Small letters, digits and hyphens; `virustotal-` before it is passed over.
        folder: Where the folder of the distribution is made.
        kind: One of `KINDS`.
        subject: The kind of subject: `file`, `url`, `domain` or `ip_address`.
        relationship: One that VirusTotal has of the subject; empty for that of the kind.

    Raises:
        ValueError: The name, kind, subject or relationship is none, with one sentence.
        FileExistsError: The folder of the distribution exists.
    """
    name = name.removeprefix("virustotal-")
    words = _words(name, kind, subject, relationship)
    root = Path(folder) / f"virustotal-{name}"
    if root.exists():
        raise FileExistsError(f"{root} exists already.")
    written = []
    for source, target in WRITTEN.items():
        template = files(__name__).joinpath("files", f"{Template(source).substitute(words)}.in")
        path = root / Template(target).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        written.append(path)
    return written


def _words(name: str, kind: str, subject: str, relationship: str) -> dict[str, str]:
    if not _NAME.fullmatch(name) or len(name) > 40:
        rule = "a small letter, then small letters, digits and single hyphens, such as comment-words"
        raise ValueError(f"{name!r} is no name: {rule}.")
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of plugin; there are {', '.join(KINDS)}.")
    if subject not in relationships.KINDS:
        raise ValueError(f"{subject!r} is no kind of subject; there are {', '.join(relationships.KINDS)}.")
    builtin = load(BUILTIN, Settings(plugins=PluginConfig(external=False)))
    if name.replace("-", "_") in builtin.providers:
        raise ValueError(f"{name!r} is the name of a built-in analyser; take another one.")
    if relationship and not KINDS[kind].relationship:
        raise ValueError(f"A plugin of the kind {kind} reads no relationship.")
    relationship = relationship or KINDS[kind].relationship
    yields, title = _relationship(kind, subject, relationship)
    id, target = SUBJECTS[subject]
    words = {
        "name": name,
        "module": f"virustotal_{name.replace('-', '_')}",
        "analyzer": name.replace("-", "_"),
        "plugin_kind": kind,
        "relationship": relationship,
        "subject": subject,
        "id": id,
        "target": target,
        "attributes": f'"url": "{target}"' if subject == "url" else "",
        "yields": yields,
        "attribute": MAIN_ATTRIBUTE.get(yields, "name"),
        "title": title,
        "version": __version__,
        "settings": KINDS[kind].settings,
    }
    return {**words, "summary": Template(KINDS[kind].summary).substitute(words)}


def _relationship(kind: str, subject: str, name: str) -> tuple[str, str]:
    """Return the kind of the objects of a relationship, and its title; ValueError for one that does not fit."""
    known = relationships.find(subject, name)
    if not name:
        return "object", ""
    if kind == "unknown-relationship":
        if known is not None or not _RELATIONSHIP.fullmatch(name):
            why = "is known to the service" if known is not None else "is no name of a relationship"
            raise ValueError(f"{name!r} {why}.")
        return "object", name.replace("_", " ").capitalize()
    usable = [entry for entry in relationships.of_kind(subject) if kind != "download" or "file" in entry.yields]
    if known not in usable:
        names = ", ".join(entry.name for entry in usable)
        what = "files" if kind == "download" else "objects"
        raise ValueError(f"{name!r} is no relationship of a {subject} with {what}; there are {names}.")
    return (known.yields[0] if known and known.yields else "object"), known.title if known else ""
