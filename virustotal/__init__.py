"""VirusTotal for Assemblyline 4. Plugin authors import from `virustotal.core` and test with `virustotal.testing`."""

#: The one source of the version, for the package, the manifest ($SERVICE_TAG) and the image.
__version__ = "4.7.0.dev0"
