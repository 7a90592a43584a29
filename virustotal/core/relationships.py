"""The relationships that VirusTotal has, with title, licence and the kinds of object that they lead to."""

from virustotal.api.relationships import CATALOGUE, KINDS, Family, Licence, Relationship, find, of_kind

__all__ = ["CATALOGUE", "KINDS", "Family", "Licence", "Relationship", "find", "of_kind"]
