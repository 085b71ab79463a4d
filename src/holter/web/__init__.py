"""The dashboard and the REST API: :func:`app`, loaded when first asked for because a web framework is heavy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holter.web.application import app

__all__ = ["app"]


def __getattr__(name: str) -> Any:
    if name == "app":
        from holter.web.application import app

        return app
    raise AttributeError(name)
