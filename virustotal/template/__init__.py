"""The distribution of a new plugin: `virustotal-service new-plugin NAME --relationship comments`."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from virustotal import __version__
from virustotal.api import relationships
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN

_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
#: The attribute that tells most of an object, where it is text; the identifier where there is none.
TELLING: Mapping[str, str] = {
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
#: What is written, by the template's file.
WRITTEN: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "module.py": "$module.py",
    "test_module.py": "tests/test_$module.py",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    "ci.yml": ".github/workflows/ci.yml",
    "gitignore": ".gitignore",
}


def write(name: str, relationship: str, folder: str | Path = ".", *, kind: str = "file") -> list[Path]:
    """Write the distribution `virustotal-NAME` into `folder/virustotal-NAME`, and return its files.

    name: small letters, digits and hyphens. relationship: one that VirusTotal has of objects of `kind`. Raises
    ValueError, with one sentence, for another name or relationship, and FileExistsError for a folder that exists.
    """
    words = _words(name, relationship, kind)
    root = Path(folder) / f"virustotal-{name}"
    if root.exists():
        raise FileExistsError(f"{root} exists already.")
    written = []
    for source, target in WRITTEN.items():
        text = files(__name__).joinpath("files", f"{source}.in").read_text(encoding="utf-8")
        path = root / Template(target).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), encoding="utf-8")
        written.append(path)
    return written


def _words(name: str, relationship: str, kind: str) -> dict[str, str]:
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise ValueError(f"{name!r} is no name: small letters, digits and single hyphens, such as comment-words.")
    if kind not in relationships.KINDS:
        raise ValueError(f"{kind!r} is no kind of subject; there are {', '.join(relationships.KINDS)}.")
    known = relationships.find(kind, relationship)
    if known is None:
        names = ", ".join(each.name for each in relationships.of_kind(kind))
        raise ValueError(f"{relationship!r} is no relationship of a {kind}; there are {names}.")
    builtin = load(BUILTIN, Settings(plugins=PluginConfig(external=False)))
    if name.replace("-", "_") in builtin.providers:
        raise ValueError(f"{name!r} is the name of a built-in analyser; take another one.")
    yields = known.yields[0] if known.yields else "object"
    return {
        "name": name,
        "module": f"virustotal_{name.replace('-', '_')}",
        "analyzer": name.replace("-", "_"),
        "relationship": relationship,
        "kind": kind,
        "yields": yields,
        "attribute": TELLING.get(yields, "name"),
        "title": known.title,
        "version": __version__,
    }
