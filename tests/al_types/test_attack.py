"""ATT&CK ids as Assemblyline knows them."""

import pytest

from virustotal.al_types.attack import attack_name, current_id, known_ids, tactics


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("T1059", ("T1059", True)),
        (" t1059.001 ", ("T1059.001", True)),
        ("T1574.002", ("T1574.001", True)),
        ("S0002", ("S0002", True)),
        ("T9999", ("T9999", False)),
        ("TA0005", ("TA0005", False)),
        ("nonsense", ("NONSENSE", False)),
        ("", ("", False)),
    ],
)
def test_current_ids(given: str, expected: tuple[str, bool]) -> None:
    assert current_id(given) == expected


def test_known_ids_come_once() -> None:
    assert known_ids(["T1574.002", "T1574.001", "T9999", "T1059"]) == ("T1574.001", "T1059")


def test_names_and_tactics() -> None:
    assert attack_name("T1059") == "Command and Scripting Interpreter"
    assert "execution" in tactics("T1059")
    assert (attack_name("T9999"), tactics("T9999")) == ("", ())
