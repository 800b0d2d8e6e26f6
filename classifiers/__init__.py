"""How a column becomes evidence, evidence an element, elements labels. Pure: no I/O, no clock, no network."""
