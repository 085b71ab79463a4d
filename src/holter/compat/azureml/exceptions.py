"""What Azure's SDK raises, for code that catches it."""

from holter.errors import HolterError


class AzureMLException(HolterError):
    """Something of the SDK failed."""


class UserErrorException(AzureMLException):
    """An argument cannot be followed."""


class WebserviceException(AzureMLException):
    """A model or a service is missing, or cannot do what was asked."""


class ModelNotFound(WebserviceException):
    """There is no such model, or no such version of it."""


class ProjectSystemException(AzureMLException):
    """There is no such workspace, or no file that names one."""
