"""What Assemblyline's own models accept: tags, ATT&CK ids, network addresses, parts of the ontology."""

from virustotal.al_types.attack import attack_name, current_id, known_ids, tactics
from virustotal.al_types.network_addresses import Indicator, indicator
from virustotal.al_types.ontology import problem as ontology_problem
from virustotal.al_types.tags import known as is_tag_type
from virustotal.al_types.tags import normal as tag_value

__all__ = [
    "Indicator",
    "attack_name",
    "current_id",
    "indicator",
    "is_tag_type",
    "known_ids",
    "ontology_problem",
    "tactics",
    "tag_value",
]
