"""What answers: each a `Source`, each wraps another or the wire."""
