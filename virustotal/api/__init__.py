"""Requests and responses as pure functions: (status, headers, body) to a value or an error. Nothing is sent here."""
