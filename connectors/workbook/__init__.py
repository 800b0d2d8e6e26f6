"""Assets from data-dictionary workbooks."""

from connectors.workbook.connector import WorkbookConnector

__all__ = ["WorkbookConnector"]
