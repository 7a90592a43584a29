"""Where the service keeps files between runs, unless it is configured."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the service's folder below the user's state folder (XDG base directories).

    Not the temporary folder, since the framework may empty that after each task. A user without any home (a container
    may run as one that no file names) has the root folder for one, as the container engines say: that cannot be
    written, and whoever uses it says so.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        base = Path("/") / ".local" / "state"
    return base / "virustotal-service"
