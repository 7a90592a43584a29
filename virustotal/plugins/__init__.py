"""The built-in plugins: one module a job. `BUILTIN` is all of them, by dotted name."""

BUILTIN: tuple[str, ...] = (
    "virustotal.plugins.relations.files",
    "virustotal.plugins.relations.network",
    "virustotal.plugins.static.dotnet",
    "virustotal.plugins.static.pe",
    "virustotal.plugins.static.signature",
)
