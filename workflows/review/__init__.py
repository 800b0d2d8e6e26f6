"""Stewards' rulings: what waits for them, workbooks to fill in, and decisions over many columns at once."""
