"""What VirusTotal knows about a file itself: formats, signatures, crowdsourced rules, malware configuration."""
