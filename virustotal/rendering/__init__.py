"""A task's outcome as typed parts, a picture of relationships, and one HTML file; without a terminal."""
