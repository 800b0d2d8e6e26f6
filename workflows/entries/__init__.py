"""Catalogue entries as legal records: their elements, their life cycle, their versions."""
