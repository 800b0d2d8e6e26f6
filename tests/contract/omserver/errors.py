"""What the server refuses, and in which shape.

::

    ApiError            {"code", "message"}; the status is the code
      BadRequest        400
      Unauthorized      401
      Forbidden         403
      NotFound          404
      Conflict          409
      PreconditionFailed 412 (2.0)
    ServerError         500 {"responseMessage"}: routing errors, failing `test` operations, defects
    MalformedJson       400, a body that is not JSON
"""

from __future__ import annotations


class ApiError(Exception):
    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(ApiError):
    code = 400


class Unauthorized(ApiError):
    code = 401


class Forbidden(ApiError):
    code = 403


class NotFound(ApiError):
    code = 404


class Conflict(ApiError):
    code = 409


class PreconditionFailed(ApiError):
    code = 412


class ServerError(Exception):
    """500 with the other body; a routing error says ``HTTP 404 Not Found`` and the like in it."""

    def body(self) -> dict[str, object]:
        message = f"An exception with message [{self}] was thrown while processing request."
        return {"responseCode": 1102, "responseMessage": message}


class MalformedJson(Exception):
    """400 whose body is plain text."""


def not_found(kind: str, key: str) -> NotFound:
    return NotFound(f"{kind} instance for {key} not found")
