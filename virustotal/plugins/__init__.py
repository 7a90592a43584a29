"""The built-in plugins: one module a job."""

from pathlib import Path


def _dotted_name(path: Path) -> str:
    parts = path.relative_to(Path(__file__).parent).with_suffix("").parts
    return ".".join((__name__, *(parts[:-1] if parts[-1] == "__init__" else parts)))


#: The modules below this package that implement a hook, by dotted name. Nothing is imported to find them.
BUILTIN: tuple[str, ...] = tuple(
    sorted(_dotted_name(path) for path in Path(__file__).parent.rglob("*.py") if b"\n@hookimpl\n" in path.read_bytes())
)
