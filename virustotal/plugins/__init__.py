"""The built-in plugins: one module a job. `BUILTIN` is all of them, by dotted name."""

BUILTIN: tuple[str, ...] = (
    "virustotal.plugins.assessment",
    "virustotal.plugins.av_remap",
    "virustotal.plugins.behaviours",
    "virustotal.plugins.behaviours.artefacts",
    "virustotal.plugins.detections",
    "virustotal.plugins.overview",
    "virustotal.plugins.relations.community",
    "virustotal.plugins.relations.files",
    "virustotal.plugins.relations.history",
    "virustotal.plugins.relations.hosts",
    "virustotal.plugins.relations.network",
    "virustotal.plugins.relations.plain",
    "virustotal.plugins.relations.screenshots",
    "virustotal.plugins.relations.urls",
    "virustotal.plugins.static.dotnet",
    "virustotal.plugins.static.pe",
    "virustotal.plugins.static.signature",
    "virustotal.plugins.subjects.domain",
    "virustotal.plugins.subjects.ip_address",
    "virustotal.plugins.subjects.url",
)
