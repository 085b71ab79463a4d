"""``azureml.datadrift.AlertConfiguration``: who is told."""

from collections.abc import Sequence

from holter.compat.azureml.exceptions import UserErrorException


class AlertConfiguration:
    """Whom a detector tells of drift.

    Parameters
    ----------
    email_addresses
        One address or several.

    Raises
    ------
    UserErrorException
        If one of them is no address, or there is none.

    Examples
    --------
    >>> AlertConfiguration(["team@example.com"]).email_addresses
    ['team@example.com']
    """

    def __init__(self, email_addresses: Sequence[str]) -> None:
        given = [email_addresses] if isinstance(email_addresses, str) else list(email_addresses)
        if not given:
            raise UserErrorException("email_addresses is empty; leave alert_config out to tell nobody.")
        for address in given:
            if not isinstance(address, str) or not all(address.partition("@")):
                raise UserErrorException(f"{address!r} is no e-mail address.")
        self.email_addresses = given

    def __repr__(self) -> str:
        return f"<AlertConfiguration {', '.join(self.email_addresses)}>"
