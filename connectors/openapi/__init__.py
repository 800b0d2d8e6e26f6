"""Descriptions of services, OpenAPI 3 and Swagger 2, as a system."""

from connectors.openapi.connector import OpenApiConnector

__all__ = ["OpenApiConnector"]
