"""What VirusTotal tells of a URL, a domain or an IP address itself: who runs it, what it answers, where it leads."""
