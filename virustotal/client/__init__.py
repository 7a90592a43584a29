"""VirusTotal over HTTP, and what wraps it: retries, quota, cache, provenance. Each is a Source."""
