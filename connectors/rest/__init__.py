"""Catalogues of data sets behind a REST interface, as a system."""

from connectors.rest.connector import RestConnector

__all__ = ["RestConnector"]
