"""The verbs that a person or a scheduler runs."""
