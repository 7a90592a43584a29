"""Where the service manifest is, for code that runs outside the service's image."""

import os
from pathlib import Path

from virustotal import __version__

#: The manifest that the wheel carries.
MANIFEST = Path(__file__).parents[1] / "service_manifest.yml"


def use_manifest() -> None:
    """Point the framework at the manifest of this package, unless the environment already names one.

    The framework reads it when a section or heuristic is made, and some of its modules read it at import: call this
    before importing them. The version of the package stands for $SERVICE_TAG.
    """
    os.environ.setdefault("SERVICE_MANIFEST_PATH", str(MANIFEST))
    os.environ.setdefault("SERVICE_TAG", __version__)
